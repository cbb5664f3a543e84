"""What of an algorithm goes into a checkpoint, and comes back from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.utils.errors import UsageError
from genelab_backend_sb3.algorithms import OffPolicyLoop
from genelab_backend_sb3.archive import Archive
from genelab_backend_sb3.demonstrations import demonstration_buffer
from genelab_backend_sb3.imitation import ImitatingSAC
from genelab_backend_sb3.replay import replay_state, restore_replay
from genelab_backend_sb3.weights import load_optimizers, load_policy

_COUNTERS = ("num_timesteps", "_n_updates", "_episode_num")


class Sb3Learner:
    """An algorithm as a `genelab.rl.session.Learner`: last observations, replay buffers and counters are its state."""

    def __init__(self, algorithm: Any, name: str) -> None:
        self._algorithm, self._name = algorithm, name

    def payload(self) -> Any:
        """Return the algorithm itself: the library writes it."""
        return self._algorithm

    def load_payload(self, payload: Archive, path: Path, *, learning: bool) -> None:
        load_policy(self._algorithm.policy, payload, self._name)
        if learning:
            load_optimizers(self._algorithm, payload)

    def state(self) -> dict[str, Any]:
        algorithm = self._algorithm
        return {
            "observations": _as_tensors(algorithm._last_obs),
            "episode_starts": torch.from_numpy(algorithm._last_episode_starts),
            "replay": replay_state(algorithm.replay_buffer) if isinstance(algorithm, OffPolicyLoop) else None,
            "demonstrations": _demonstrations_state(algorithm),
            "counters": {name: getattr(algorithm, name) for name in _COUNTERS},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned.

        Raises:
            UsageError: if the replay buffer has another size, or the run imitates and this algorithm does not.
        """
        algorithm = self._algorithm
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


def _demonstrations_state(algorithm: Any) -> dict[str, Any] | None:
    if not isinstance(algorithm, ImitatingSAC) or algorithm.demonstrations is None:
        return None
    return replay_state(algorithm.demonstrations)


def _restore_demonstrations(state: dict[str, Any] | None, algorithm: Any) -> None:
    if state is None:
        return
    if not isinstance(algorithm, ImitatingSAC):
        raise UsageError(
            "the run imitates demonstrations, but this agent does not",
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
