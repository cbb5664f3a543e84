"""An environment without a scene for tests of managers, and terms whose values the test sets."""

from __future__ import annotations

from typing import Any

import torch

from genelab.managers.random_streams import RandomStreams
from genelab.managers.term import ManagerTerm


class StubEnv:
    """What managers ask of an environment; `values` holds what the term `value` returns, by name."""

    def __init__(self, num_envs: int = 4, seed: int = 0) -> None:
        self.num_envs, self.device, self.step_dt = num_envs, torch.device("cpu"), 0.02
        self.random = RandomStreams(num_envs, "cpu", seed)
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long)
        self.scene: dict[str, Any] = {}
        self.values: dict[str, torch.Tensor] = {}

    def set(self, name: str, *rows: Any) -> None:
        self.values[name] = torch.tensor(rows)

    def next_step(self) -> None:
        self.episode_length_buf = self.episode_length_buf + 1
        self.random.next_step()

    def nobody(self, mask: torch.Tensor) -> bool:
        return not bool(mask.any())


def value(env: StubEnv, name: str = "x") -> torch.Tensor:
    """Return what the test put there."""
    return env.values[name]


class Count(ManagerTerm):
    """Counts its calls since the reset, by `step`."""

    def __init__(self, env: StubEnv, *, step: float = 1.0) -> None:
        self.total, self._step = torch.zeros(env.num_envs), step

    def __call__(self, env: StubEnv) -> torch.Tensor:
        self.total = self.total + self._step
        return self.total

    def reset(self, mask: torch.Tensor) -> None:
        self.total = self.total.masked_fill(mask, 0.0)

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


def mask(*rows: bool) -> torch.Tensor:
    return torch.tensor(rows)


def weights(rows: torch.Tensor) -> torch.Tensor:
    """Return one over the number of envs in `rows` in their places, else zero."""
    return rows / rows.sum().clamp(min=1)
