"""What the kinds of cells share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.config.terrain import Ramp
from genelab.utils.lazy import numpy as np

if TYPE_CHECKING:
    from numpy import ndarray


def at(ramp: Ramp, difficulty: float) -> float:
    """Return the value of a ramp at a difficulty from 0 to 1."""
    low, high = ramp
    return low + (high - low) * difficulty


def ring(x: ndarray, y: ndarray) -> ndarray:
    """Return the distance from the centre in squares, m: max(|x|, |y|)."""
    return np.maximum(np.abs(x), np.abs(y))


def faded(heights: ndarray, x: ndarray, y: ndarray, *, rim: float, platform: float) -> ndarray:
    """Return `heights` brought to zero at the cell's rim and within the platform about its centre.

    Args:
        heights: `(n, n)`, m.
        x: Coordinates `(n, n)`, m.
        y: Coordinates `(n, n)`, m.
        rim: Width of the ramps at the edge and about the platform, m.
        platform: Side of the flat square at the centre, m.
    """
    distance = ring(x, y)
    weight = np.clip((distance.max() - distance) / rim, 0.0, 1.0)
    if platform > 0.0:
        weight = weight * np.clip((distance - platform / 2.0) / rim, 0.0, 1.0)
    return heights * weight
