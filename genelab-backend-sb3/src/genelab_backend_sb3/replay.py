"""The content of a replay buffer as tensors, so that a run can go on with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3 import HerReplayBuffer

_ARRAYS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_EPISODES = ("ep_start", "ep_length")


def replay_state(buffer: Any) -> dict[str, Any]:
    """Return the filled rows of a buffer; the tensors share its memory."""
    rows = buffer.buffer_size if buffer.full else buffer.pos
    state = {name: _tensors(getattr(buffer, name), rows) for name in _names(buffer)}
    state |= {"pos": buffer.pos, "full": buffer.full, "buffer_size": buffer.buffer_size}
    if isinstance(buffer, HerReplayBuffer):
        state["current_ep_start"] = torch.from_numpy(buffer._current_ep_start)
    return state


def restore_replay(buffer: Any, state: dict[str, Any]) -> None:
    """Fill an empty buffer of the same shape with what `replay_state` returned."""
    rows = buffer.buffer_size if state["full"] else state["pos"]
    for name in _names(buffer):
        _fill(getattr(buffer, name), state[name], rows)
    buffer.pos, buffer.full = state["pos"], state["full"]
    if isinstance(buffer, HerReplayBuffer):
        buffer._current_ep_start[:] = state["current_ep_start"].numpy()


def _names(buffer: Any) -> tuple[str, ...]:
    return (*_ARRAYS, *_EPISODES) if isinstance(buffer, HerReplayBuffer) else _ARRAYS


def _tensors(values: Any, rows: int) -> Any:
    if isinstance(values, dict):
        return {key: _tensors(value, rows) for key, value in values.items()}
    return torch.from_numpy(values[:rows])


def _fill(target: Any, source: Any, rows: int) -> None:
    if isinstance(target, dict):
        for key, value in target.items():
            _fill(value, source[key], rows)
    else:
        assert isinstance(target, np.ndarray)
        target[:rows] = source.numpy()
