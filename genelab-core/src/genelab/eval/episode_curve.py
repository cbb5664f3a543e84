"""Metrics that also say where along an episode their number comes from: a curve of means over time, or another axis."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genelab.eval.document import CurveRecord
from genelab.eval.metrics import EvalMetric

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class EpisodeCurve:
    """Means at places along an axis, over the episodes that count.

    Attributes:
        axis: What the places are, with the unit: `"time in the clip, s"`.
        places: Where, rising.
        means: The mean at each; not finite where there is none.
        counts: Number of values behind each.
    """

    axis: str
    places: list[float]
    means: list[float]
    counts: list[int]

    def to_record(self, unit: str) -> CurveRecord:
        """Return what the report holds of it: `None` for a mean that is not finite."""
        means = [value if math.isfinite(value) else None for value in self.means]
        return CurveRecord(unit, self.axis, self.places, means, self.counts)


class CurveMetric(EvalMetric):
    """A number for every episode, and a curve over all of them."""

    @abstractmethod
    def trace(self, counted: torch.Tensor) -> None:
        """Add the control step of the last `update` to the curve, for the envs in `counted`, bool `(num_envs,)`.

        The others run episodes beyond their quota, which fast envs have more of.
        """

    @abstractmethod
    def profile(self) -> EpisodeCurve:
        """Return what was traced since `start`."""
