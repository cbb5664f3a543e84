"""Hidden states of a recurrent policy, one column per env."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.rl.backends.base import RecurrentSpec


class HiddenStates:
    """Tensors `(num_layers, num_envs, hidden_dim)` that are zero at the start of an episode; none without a spec."""

    def __init__(self, spec: RecurrentSpec | None) -> None:
        self._spec = spec
        self._values: tuple[torch.Tensor, ...] | None = None

    def get(self, num_envs: int, device: torch.device) -> tuple[torch.Tensor, ...]:
        """Return the present states, in the order of `RecurrentSpec.states`; zeros at first use.

        Raises:
            GenelabError: if the number of envs changed without a reset of all.
        """
        if self._spec is None:
            return ()
        if self._values is None:
            shape = (self._spec.num_layers, num_envs, self._spec.hidden_dim)
            self._values = tuple(torch.zeros(shape, device=device) for _ in self._spec.states)
        held = self._values[0].shape[1]
        if held != num_envs:
            raise GenelabError(
                f"the recurrent policy holds states of {held} envs and got {num_envs} observations",
                fix="call policy.reset() before using it with another environment",
            )
        return self._values

    def put(self, values: tuple[torch.Tensor, ...]) -> None:
        """Keep the states that the actor returned."""
        if self._spec is not None:
            self._values = values

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Zero the columns of the envs where `done` (bool `(num_envs,)`), or forget everything."""
        if done is None:
            self._values = None
        elif self._values is not None:
            keep = ~done.to(self._values[0].device).bool()
            # where, not multiplication: a state that became infinite is forgotten too
            self._values = tuple(torch.where(keep[None, :, None], value, 0.0) for value in self._values)
