"""Ground without edges: flat, slopes, waves, random roughness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from genelab.config.base import NonNegative, Positive, PositiveInt, configclass
from genelab.config.terrain import CellCfg, Ramp
from genelab.terrains.cells import at, faded, ring
from genelab.utils.lazy import numpy as np

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.random import Generator


@configclass
class FlatCfg(CellCfg):
    """Level ground."""

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        return np.zeros_like(x)


@configclass
class SlopeCfg(CellCfg):
    """A pyramid with a flat top, or a pit with a flat bottom if `slope` is negative.

    Attributes:
        slope: Rise over run.
        platform: Side of the flat square, m.
    """

    slope: Ramp = (0.05, 0.4)
    platform: NonNegative = 2.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        distance = ring(x, y)
        rim = distance.max()
        return at(self.slope, difficulty) * np.minimum(rim - distance, rim - self.platform / 2.0)


@configclass
class WavesCfg(CellCfg):
    """Sine waves along x and y.

    Attributes:
        amplitude: Half the height from trough to crest, m.
        count: Wave lengths per cell.
        platform: Side of the flat square at the centre, m.
    """

    amplitude: Ramp = (0.02, 0.2)
    count: PositiveInt = 2
    platform: NonNegative = 1.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        number = 2.0 * math.pi * self.count / (2.0 * x.max())
        waves = at(self.amplitude, difficulty) * 0.5 * (np.sin(number * x) + np.sin(number * y))
        return faded(waves, x, y, rim=0.5, platform=self.platform)


@configclass
class RoughCfg(CellCfg):
    """Uniform random heights on a coarse grid, linear in between.

    Attributes:
        amplitude: Largest height and depth, m.
        step: Heights are multiples of this, m.
        grid: Distance of the random points, m.
        platform: Side of the flat square at the centre, m.
    """

    amplitude: Ramp = (0.02, 0.1)
    step: Positive = 0.02
    grid: Positive = 0.2
    platform: NonNegative = 0.0

    def heights(self, difficulty: float, x: ndarray, y: ndarray, rng: Generator) -> ndarray:
        half = x.max()
        points = round(2.0 * half / self.grid) + 1
        most = max(round(at(self.amplitude, difficulty) / self.step), 1)
        coarse = rng.integers(-most, most + 1, (points, points)) * self.step
        knots = np.linspace(-half, half, points)
        along_x = np.stack([np.interp(x[:, 0], knots, column) for column in coarse.T], axis=1)
        fine = np.stack([np.interp(y[0], knots, row) for row in along_x])
        return faded(fine, x, y, rim=0.2, platform=self.platform)
