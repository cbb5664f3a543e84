"""All that the rest of a training depends on, apart from the checkpoint itself: what makes a continuation exact."""

from __future__ import annotations

from typing import Any

from genelab.rl.random_state import random_state, restore_random_state
from genelab.rl.rollout_metrics import RolloutMetrics
from genelab.utils.errors import UsageError
from genelab_backend_skrl.agents import TrackedAgent
from genelab_backend_skrl.hindsight import HindsightMemory
from genelab_backend_skrl.library import Memory
from genelab_backend_skrl.vec_env import SkrlVecEnv


def capture(env: SkrlVecEnv, agent: TrackedAgent, metrics: RolloutMetrics, *, replay: bool) -> dict[str, Any]:
    """Return environment, present observations, memory, counters, statistics and random streams.

    Args:
        env: The environment.
        agent: The agent.
        metrics: Statistics, with nothing pending.
        replay: Whether all of the memory will be used again, not just the part that was written since it began anew.
    """
    assert agent.memory is not None
    return {
        "num_envs": env.num_envs,
        "environment": env.state_dict(),
        "memory": _memory_state(agent.memory, replay=replay),
        "counters": agent.counters(),
        "metrics": metrics.state_dict(),
        "random": random_state(),
    }


def restore(state: dict[str, Any], env: SkrlVecEnv, agent: TrackedAgent, metrics: RolloutMetrics) -> None:
    """Put everything back that `capture` returned.

    Raises:
        UsageError: if it was captured with another number of envs.
    """
    if state["num_envs"] != env.num_envs:
        raise UsageError(
            f"the run was trained with {state['num_envs']} envs, not {env.num_envs}",
            fix=f"resume it with --num-envs {state['num_envs']}, or begin a new run from its weights with --checkpoint",
        )
    assert agent.memory is not None
    _restore_memory(agent.memory, state["memory"])
    agent.load_counters(state["counters"])
    metrics.load_state_dict(state["metrics"])
    restore_surroundings(state, env)


def restore_surroundings(state: dict[str, Any], env: SkrlVecEnv) -> None:
    """Put back what lies outside the agent: the environment and the random streams."""
    env.load_state_dict(state["environment"])
    restore_random_state(state["random"])


def _memory_state(memory: Memory, *, replay: bool) -> dict[str, Any]:
    rows = memory.memory_size if replay and memory.filled else memory.memory_index
    # A slice would be saved with all of the memory behind it.
    parts = memory.tensors if rows == memory.memory_size else {k: v[:rows].clone() for k, v in memory.tensors.items()}
    state = {"rows": rows, "index": memory.memory_index, "filled": memory.filled, "tensors": dict(parts)}
    return state | ({"running": memory.running} if isinstance(memory, HindsightMemory) else {})


def _restore_memory(memory: Memory, state: dict[str, Any]) -> None:
    for name, tensor in state["tensors"].items():
        memory.tensors[name][: state["rows"]].copy_(tensor)
    memory.memory_index, memory.filled = state["index"], state["filled"]
    if isinstance(memory, HindsightMemory):
        memory.running.copy_(state["running"])
