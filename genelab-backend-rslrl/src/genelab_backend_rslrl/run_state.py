"""All that the rest of a training depends on, apart from weights and optimiser: what makes a continuation exact."""

from __future__ import annotations

from typing import Any

import torch
from rsl_rl.modules import HiddenState

from genelab.rl.random_state import random_state, restore_random_state
from genelab.rl.rollout_metrics import RolloutMetrics
from genelab.utils.errors import UsageError
from genelab_backend_rslrl.ppo import TerminalValuePPO
from genelab_backend_rslrl.vec_env import RslRlVecEnv


def capture(env: RslRlVecEnv, algorithm: TerminalValuePPO, metrics: RolloutMetrics) -> dict[str, Any]:
    """Return environment, last observations, hidden states, statistics and random streams, between iterations."""
    return {
        "num_envs": env.num_envs,
        "environment": env.state_dict(),
        "hidden_states": {"actor": algorithm.actor.get_hidden_state(), "critic": algorithm.critic.get_hidden_state()},
        "metrics": metrics.state_dict(),
        "random": random_state(),
    }


def restore(state: dict[str, Any], env: RslRlVecEnv, algorithm: TerminalValuePPO, metrics: RolloutMetrics) -> None:
    """Put everything back that `capture` returned.

    Raises:
        UsageError: if it was captured with another number of envs.
    """
    if state["num_envs"] != env.num_envs:
        raise UsageError(
            f"the run was trained with {state['num_envs']} envs, not {env.num_envs}",
            fix=f"resume it with --num-envs {state['num_envs']}, or begin a new run from its weights with --checkpoint",
        )
    for model, hidden in zip((algorithm.actor, algorithm.critic), state["hidden_states"].values(), strict=True):
        model.reset(hidden_state=_on(env.device, hidden))
    metrics.load_state_dict(state["metrics"])
    restore_surroundings(state, env)


def restore_surroundings(state: dict[str, Any], env: RslRlVecEnv) -> None:
    """Put back what lies outside the algorithm: the environment and the random streams."""
    env.load_state_dict(state["environment"])
    restore_random_state(state["random"])


def _on(device: torch.device, state: HiddenState) -> HiddenState:
    if isinstance(state, tuple):
        return tuple(part.to(device) for part in state)  # pyright: ignore[reportReturnType]
    return None if state is None else state.to(device)
