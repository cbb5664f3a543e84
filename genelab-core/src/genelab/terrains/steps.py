"""Ground with edges: stairs, boxes, stepping stones, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.config.base import NonNegative, Positive, PositiveInt, configclass
from genelab.config.terrain import CellCfg, Ramp
from genelab.terrains.cells import at, ring
from genelab.utils.lazy import numpy as np

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.random import Generator

_TOUCH = 1e-6
"""Vertices this near to an edge, m, belong to it whatever their rounding."""


@configclass
class PyramidStairsCfg(CellCfg):
    """Square stairs that rise towards the centre, or go down into a pit if `step_height` is negative.

    Robots start at the centre, so a pyramid is walked down first and a pit up.

    Attributes:
        step_height: m.
        step_width: m.
        platform: Side of the flat square at the centre, m, at least.
    """

    step_height: Ramp = (0.03, 0.2)
    step_width: Positive = 0.3
    platform: NonNegative = 2.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        distance = ring(x, y)
        rim = distance.max()
        most = int((rim - self.platform / 2.0) / self.step_width)
        step = np.minimum(np.floor((rim - distance + _TOUCH) / self.step_width), most)
        return at(self.step_height, difficulty) * step


@configclass
class BoxesCfg(CellCfg):
    """Boxes and holes at random places.

    Attributes:
        height: Largest height and depth, m; each box has all or half of it, up or down.
        size: Smallest and largest side, m.
        count: Number of boxes in a cell.
        platform: Side of the flat square at the centre, m.
    """

    height: Ramp = (0.05, 0.2)
    size: tuple[float, float] = (0.4, 1.0)
    count: PositiveInt = 20
    platform: NonNegative = 2.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        surface, half = np.zeros_like(x), x.max()
        sides = rng.uniform(*self.size, (self.count, 2))
        corners = rng.uniform(-half, half - sides)
        levels = rng.choice((-1.0, -0.5, 0.5, 1.0), self.count) * at(self.height, difficulty)
        for corner, side, level in zip(corners, sides, levels, strict=True):
            inside = (x >= corner[0]) & (x <= corner[0] + side[0]) & (y >= corner[1]) & (y <= corner[1] + side[1])
            surface[inside] = level
        distance = ring(x, y)
        surface[(distance <= self.platform / 2.0) | (distance >= half - _TOUCH)] = 0.0
        return surface


@configclass
class SteppingStonesCfg(CellCfg):
    """Square stones over a pit, in rows that are shifted at random.

    Attributes:
        stone_size: m.
        gap: Distance between stones, m.
        stone_height: Stones are up to this much higher or lower than the rim, m.
        depth: Of the pit, m.
        platform: Side of the flat square at the centre, m.
        rim: Flat ground at the edge of the cell, m.
    """

    stone_size: Ramp = (1.2, 0.4)
    gap: Ramp = (0.1, 0.4)
    stone_height: Ramp = (0.0, 0.1)
    depth: Positive = 0.5
    platform: NonNegative = 2.0
    rim: NonNegative = 0.3

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        half, size = x.max(), at(self.stone_size, difficulty)
        pitch = size + at(self.gap, difficulty)
        number = int(2.0 * half / pitch) + 2
        shift = rng.uniform(0.0, pitch, number)
        height = rng.uniform(-1.0, 1.0, (number, number + 1)) * at(self.stone_height, difficulty)
        row = np.floor((x + half) / pitch).astype(int)
        along = y + half + shift[row]
        stone = ((x + half) % pitch < size) & (along % pitch < size)
        surface = np.where(stone, height[row, np.floor(along / pitch).astype(int)], -self.depth)
        distance = ring(x, y)
        surface[(distance <= self.platform / 2.0) | (distance >= half - self.rim)] = 0.0
        return surface


@configclass
class GapsCfg(CellCfg):
    """Square trenches about the centre, one after the other.

    Attributes:
        width: Of a trench, m.
        distance: Of flat ground between trenches, m.
        depth: m.
        platform: Side of the flat square at the centre, m.
    """

    width: Ramp = (0.1, 0.8)
    distance: Positive = 1.2
    depth: Positive = 0.5
    platform: NonNegative = 2.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        width, distance = at(self.width, difficulty), ring(x, y)
        beyond = distance - self.platform / 2.0
        period = beyond % (width + self.distance)
        last = beyond - period + width + self.platform / 2.0 > distance.max() - _TOUCH  # would be cut by the rim
        trench = (beyond > _TOUCH) & (period > _TOUCH) & (period < width + _TOUCH) & ~last
        return np.where(trench, -self.depth, 0.0)
