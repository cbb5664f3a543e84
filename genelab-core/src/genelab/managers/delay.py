"""A value as it was some steps ago, with an age of its own for each env."""

from __future__ import annotations

from genelab.managers.random_streams import RandomStreams
from genelab.utils.lazy import torch
from genelab.utils.stateful import Stateful


class DelayBuffer(Stateful):
    """Keeps the last values and returns, for each env, the one that is `lag` steps old.

    The lag of an env is drawn at its reset in the inclusive range `lags`.
    """

    remembers = ("_values", "_lag")

    def __init__(self, name: str, lags: tuple[int, int], num_envs: int, dim: int, random: RandomStreams) -> None:
        self.name, self.lags, self.random = name, lags, random
        self._values = torch.zeros(lags[1] + 1, num_envs, dim, device=random.device)
        self._lag = torch.full((num_envs,), lags[0], dtype=torch.long, device=random.device)
        self._rows = torch.arange(num_envs, device=random.device)

    @property
    def lag(self) -> torch.Tensor:
        """Age of what each env sees, steps, int64 `(num_envs,)`."""
        return self._lag

    def reset(self, mask: torch.Tensor) -> None:
        """Draw new lags for the envs in `mask`; their past becomes zero until `refill` or `push`."""
        lag = self.random.integers(f"delay/{self.name}", *self.lags, mask)
        self._lag = torch.where(mask, lag, self._lag)
        self._values.masked_fill_(mask[None, :, None], 0.0)

    def push(self, value: torch.Tensor, *, advance: bool = True) -> torch.Tensor:
        """Take in the newest value `(num_envs, dim)`, replacing the last one unless `advance`; return the delayed."""
        if advance:
            self._values = self._values.roll(1, dims=0)
        self._values[0] = value
        return self._values[self._lag, self._rows]

    def refill(self, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Make the whole past of the envs in `mask` equal to `value`; return the delayed values."""
        self._values = torch.where(mask[None, :, None], value[None], self._values)
        return self._values[self._lag, self._rows]
