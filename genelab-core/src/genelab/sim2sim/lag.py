"""A value as it was some steps ago."""

from __future__ import annotations

import numpy as np


class Lag:
    """Keeps the last values of `num_envs` robots and returns, for each, the one that is `lag` steps old.

    The lag of a robot is drawn in the inclusive range `lags` when it starts anew.
    """

    def __init__(self, lags: tuple[int, int], num_envs: int, dim: int, random: np.random.Generator) -> None:
        self.lags, self._random = lags, random
        self._values = np.zeros((lags[1] + 1, num_envs, dim))
        self._lag = np.full(num_envs, lags[0])
        self._rows = np.arange(num_envs)

    def restart(self, mask: np.ndarray, past: np.ndarray) -> None:
        """Draw new lags for the robots in `mask`, bool `(num_envs,)`, whose past becomes `past`, `(num_envs, dim)`."""
        drawn = self._random.integers(self.lags[0], self.lags[1], endpoint=True, size=len(mask))
        self._lag = np.where(mask, drawn, self._lag)
        self._values[:, mask] = past[mask]

    def push(self, value: np.ndarray) -> np.ndarray:
        """Take in the newest value `(num_envs, dim)` and return the delayed one."""
        self._values = np.concatenate((value[None], self._values[:-1]))
        return self._values[self._lag, self._rows]

    def read(self) -> np.ndarray:
        """Return the delayed value again."""
        return self._values[self._lag, self._rows]
