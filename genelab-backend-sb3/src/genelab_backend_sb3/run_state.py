"""All that the rest of a training depends on, apart from weights and optimisers: what makes a continuation exact."""

from __future__ import annotations

from typing import Any

import torch

from genelab.rl.random_state import random_state, restore_random_state
from genelab.utils.errors import UsageError
from genelab_backend_sb3.algorithms import OffPolicyLoop
from genelab_backend_sb3.demonstrations import demonstration_buffer
from genelab_backend_sb3.imitation import ImitatingSAC
from genelab_backend_sb3.replay import replay_state, restore_replay
from genelab_backend_sb3.vec_env import Sb3VecEnv

_COUNTERS = ("num_timesteps", "_n_updates", "_episode_num")


def capture(env: Sb3VecEnv, algorithm: Any) -> dict[str, Any]:
    """Return environment, last observations, replay buffer, counters, statistics and random streams."""
    return {
        "num_envs": env.num_envs,
        "environment": env.env.state_dict(),
        "observations": _as_tensors(algorithm._last_obs),
        "episode_starts": torch.from_numpy(algorithm._last_episode_starts),
        "replay": replay_state(algorithm.replay_buffer) if isinstance(algorithm, OffPolicyLoop) else None,
        "demonstrations": _demonstrations_state(algorithm),
        "counters": {name: getattr(algorithm, name) for name in _COUNTERS},
        "metrics": env.metrics.state_dict(),
        "random": random_state(),
    }


def restore(state: dict[str, Any], env: Sb3VecEnv, algorithm: Any) -> None:
    """Put everything back that `capture` returned.

    Raises:
        UsageError: if it was captured with another number of envs or a replay buffer of another size, or the run
            imitates and this algorithm does not.
    """
    if state["num_envs"] != env.num_envs:
        raise UsageError(
            f"the run was trained with {state['num_envs']} envs, not {env.num_envs}",
            fix=f"resume it with --num-envs {state['num_envs']}, or begin a new run from its weights with --checkpoint",
        )
    if isinstance(algorithm, OffPolicyLoop):
        buffer: Any = algorithm.replay_buffer
        rows = state["replay"]["buffer_size"]
        if rows != buffer.buffer_size:
            raise UsageError(
                f"the run's replay buffer holds {rows} steps of each env, not {buffer.buffer_size}",
                where="agent.buffer_size",
            )
        restore_replay(buffer, state["replay"])
        _restore_demonstrations(state["demonstrations"], algorithm)
    for name in _COUNTERS:
        setattr(algorithm, name, state["counters"][name])
    algorithm._last_obs = _as_arrays(state["observations"])
    algorithm._last_episode_starts = state["episode_starts"].numpy()
    env.metrics.load_state_dict(state["metrics"])
    restore_surroundings(state, env)


def restore_surroundings(state: dict[str, Any], env: Sb3VecEnv) -> None:
    """Put back what lies outside the algorithm: the environment and the random streams."""
    env.env.load_state_dict(state["environment"])
    restore_random_state(state["random"])


def _demonstrations_state(algorithm: Any) -> dict[str, Any] | None:
    if not isinstance(algorithm, ImitatingSAC) or algorithm.demonstrations is None:
        return None
    return replay_state(algorithm.demonstrations)


def _restore_demonstrations(state: dict[str, Any] | None, algorithm: Any) -> None:
    if state is None:
        return
    if not isinstance(algorithm, ImitatingSAC):
        raise UsageError(
            "the run imitates demonstrations, and shall go on without",
            where="agent.imitation.batch_share",
            fix="leave it as it was, or begin a new run from its weights with --checkpoint",
        )
    algorithm.demonstrations = demonstration_buffer(algorithm, state["buffer_size"])
    restore_replay(algorithm.demonstrations, state)


def _as_tensors(observations: Any) -> Any:
    if isinstance(observations, dict):
        return {key: torch.from_numpy(value) for key, value in observations.items()}
    return torch.from_numpy(observations)


def _as_arrays(observations: Any) -> Any:
    if isinstance(observations, dict):
        return {key: value.numpy() for key, value in observations.items()}
    return observations.numpy()
