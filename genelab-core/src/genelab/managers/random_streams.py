"""Every random draw of an environment, in one place and by name.

In training, a draw is a function of (seed, term, control step), made for all envs of the run at once: processes that
simulate a part of them each take their rows. In evaluation it is a function of (seed, episode index, term, draw
counter), so that an episode is the same whatever number of envs runs beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from genelab.utils.lazy import torch
from genelab.utils.strata import Bins, bin_counts, bins_of

_GOLDEN = -7046029254386353131  # 2**64 / golden ratio, as a signed 64-bit number
_MIX_1 = -4658895280553007687  # multipliers of splitmix64 (Steele, Lea, Flood 2014)
_MIX_2 = -7723592293110705685
_WORD = 2**64 - 1
_NORMAL_TABLE_BITS = 16


@dataclass(frozen=True)
class Rows:
    """Which envs of a run a process simulates: `first` and those after it, out of `total`."""

    first: int
    total: int


class RandomStreams:
    """Named random streams for `num_envs` envs.

    Attributes:
        rows: Where these envs stand among those of the run; `None` when they are all.
        evaluation: Whether draws follow episodes instead of control steps.
        episode_index: In evaluation, the index of the episode that each env runs, int64 `(num_envs,)`.
    """

    def __init__(
        self,
        num_envs: int,
        device: torch.device | str,
        seed: int,
        strata: Mapping[str, Bins] | None = None,
        rows: Rows | None = None,
    ) -> None:
        self.num_envs = num_envs
        self.device = torch.device(device)
        self.seed = seed
        self.rows = rows or Rows(0, num_envs)
        self.evaluation = False
        self.episode_index = self.env_index()
        self._strata = bin_counts(strata or {})
        self._generator = torch.Generator(device=self.device)
        self._step = 0
        self._resetting = False
        self._calls: dict[str, int] = {}
        self._counters: dict[str, torch.Tensor] = {}
        self._normal_table: torch.Tensor | None = None

    def env_index(self) -> torch.Tensor:
        """Return each env's number within the run, int64 `(num_envs,)`."""
        return torch.arange(self.rows.first, self.rows.first + self.num_envs, device=self.device)

    def reseed(self, seed: int) -> None:
        """Start the streams anew from `seed`."""
        self.seed, self._step = seed, 0
        self._calls.clear()
        self._counters.clear()

    def next_step(self) -> None:
        """Go on to the draws of the next control step, or of a reset of all envs."""
        self._step += 1
        self._calls.clear()

    @contextmanager
    def resets(self) -> Iterator[None]:
        """Keep the draws for envs that are reset apart from the step's, which others make without them."""
        self._resetting = True
        yield
        self._resetting = False

    def begin_evaluation(self) -> None:
        """Switch to draws by episode and give env `s` the episode `s`."""
        self.evaluation = True
        self.episode_index = self.env_index()
        self._counters.clear()

    def end_evaluation(self) -> None:
        """Switch back to draws by control step."""
        self.evaluation = False

    def next_episode(self, mask: torch.Tensor) -> None:
        """In evaluation: give the envs in `mask`, bool `(num_envs,)`, their next episode."""
        if self.evaluation:
            self.episode_index += mask * self.rows.total
            for counter in self._counters.values():
                counter.masked_fill_(mask, 0)

    def stratum(self, name: str) -> torch.Tensor | None:
        """Return the bin of each env's episode, int64 `(num_envs,)`, balanced over episodes; None in training."""
        if not self.evaluation:
            return None
        return bins_of(self.episode_index, self._strata)[name]

    def uniform(
        self,
        term: str,
        dim: int,
        mask: torch.Tensor | None = None,
        *,
        low: float | torch.Tensor = 0.0,
        high: float | torch.Tensor = 1.0,
        counter: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Draw uniform numbers in [low, high), float32 `(num_envs, dim)`.

        Args:
            term: Name of the stream.
            dim: Numbers per env.
            mask: Envs whose numbers will be used, bool `(num_envs,)`; the rows of the others mean nothing and their
                streams do not advance. `None` for all.
            low: Lower bound, a number or `(dim,)`.
            high: Upper bound, likewise.
            counter: Draw counter `(num_envs,)` for streams that may be read twice for one step; `None` counts calls.
        """
        if self.evaluation:
            draws = self._unit(term, dim, mask, counter)
        else:
            draws = self._own(torch.rand(self.rows.total, dim, generator=self._seeded(term), device=self.device))
        if isinstance(low, float) and isinstance(high, float) and (low, high) == (0.0, 1.0):
            return draws
        return draws.mul_(high - low).add_(low)

    def normal(
        self, term: str, dim: int, mask: torch.Tensor | None = None, *, counter: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Draw standard normal numbers, float32 `(num_envs, dim)`; arguments as in `uniform`.

        In evaluation they interpolate linearly in a table of quantiles (range ±4.3): plain products and sums, whose
        rounding does not depend on the number of envs.
        """
        if not self.evaluation:
            return self._own(torch.randn(self.rows.total, dim, generator=self._seeded(term), device=self.device))
        table = self._quantiles()
        position = self._unit(term, dim, mask, counter).mul_(len(table) - 1)
        below = position.floor()
        index = below.long()
        low, high = table[index], table[index + 1]
        return (high - low).mul_(position - below).add_(low)

    def integers(self, term: str, low: int, high: int, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Draw integers in [low, high], int64 `(num_envs,)`; arguments as in `uniform`."""
        draws = self.uniform(term, 1, mask, low=float(low), high=float(high + 1))
        return draws[:, 0].long().clamp_(low, high)

    def state_dict(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "step": self._step,
            "calls": dict(self._calls),
            "evaluation": self.evaluation,
            "episode_index": self.episode_index.clone(),
            "counters": {name: counter.clone() for name, counter in self._counters.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.seed = state["seed"]
        self._step, self._calls = state["step"], dict(state["calls"])
        self.evaluation = state["evaluation"]
        self.episode_index = state["episode_index"].to(self.device, copy=True)
        self._counters = {name: counter.to(self.device, copy=True) for name, counter in state["counters"].items()}

    def _seeded(self, term: str) -> torch.Generator:
        """Return the generator, set to where `term` draws in this step; each further draw starts elsewhere."""
        stream = f"{term} at reset" if self._resetting else term
        call = self._calls.get(stream, 0)
        self._calls[stream] = call + 1
        key = _mix_integer(self.seed * _GOLDEN + self._step)
        key = _mix_integer(key + _term_key(stream))
        return self._generator.manual_seed(_mix_integer(key + call) >> 1)

    def _own(self, draws: torch.Tensor) -> torch.Tensor:
        """Return the rows of these envs of what was drawn for all of the run."""
        if self.rows.total == self.num_envs:
            return draws
        return draws[self.rows.first : self.rows.first + self.num_envs].contiguous()

    def _unit(self, term: str, dim: int, mask: torch.Tensor | None, counter: torch.Tensor | None) -> torch.Tensor:
        """Hash (seed, episode, term, counter, lane) to multiples of 2**-24 in [0, 1)."""
        if counter is None:
            calls = self._counters.get(term)
            if calls is None:
                calls = self._counters[term] = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
            counter = calls.clone()
            calls += 1 if mask is None else mask
        key = _mix(self.episode_index + _signed(self.seed * _GOLDEN))
        key = _mix(key + _signed(_term_key(term)))
        key = _mix(key + counter)
        lanes = torch.arange(1, dim + 1, device=self.device) * _GOLDEN
        bits = _mix(key[:, None] + lanes)
        return ((bits >> 40) & 0xFFFFFF).to(torch.float32).mul_(2.0**-24)

    def _quantiles(self) -> torch.Tensor:
        table = self._normal_table
        if table is None:
            size = 2**_NORMAL_TABLE_BITS
            points = (torch.arange(size + 2, dtype=torch.float64) + 0.5) / (size + 2)
            table = self._normal_table = torch.special.ndtri(points).to(torch.float32).to(self.device)
        return table


@cache
def _term_key(term: str) -> int:
    return zlib.crc32(term.encode()) * 2654435761


def _mix_integer(value: int) -> int:
    """Finaliser of splitmix64 on one number, in [0, 2**64)."""
    value &= _WORD
    value = (value ^ (value >> 30)) * _MIX_1 & _WORD
    value = (value ^ (value >> 27)) * _MIX_2 & _WORD
    return value ^ (value >> 31)


def _mix(bits: torch.Tensor) -> torch.Tensor:
    """Finaliser of splitmix64 on int64; the masks make the arithmetic shifts logical."""
    bits = (bits ^ ((bits >> 30) & 0x3FFFFFFFF)) * _MIX_1
    bits = (bits ^ ((bits >> 27) & 0x1FFFFFFFFF)) * _MIX_2
    return bits ^ ((bits >> 31) & 0x1FFFFFFFF)


def _signed(value: int) -> int:
    value &= 0xFFFFFFFFFFFFFFFF
    return value - 2**64 if value >= 2**63 else value
