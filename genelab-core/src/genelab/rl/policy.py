"""A policy: raw observations in, actions out, whatever it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


class Policy(Protocol):
    """What play, eval, export and compare take.

    Attributes:
        kind: `"checkpoint"`, `"export"`, `"zero"`, `"random"` or `"callable"`.
        recurrent: Whether it keeps a hidden state per env.
    """

    kind: str
    recurrent: bool

    def __call__(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return actions `(num_envs, action_dim)` for raw observations by group, each `(num_envs, dim)`."""
        ...

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Forget the hidden state of the envs where `done` (bool `(num_envs,)`), or of all."""
        ...
