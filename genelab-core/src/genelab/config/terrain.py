"""Uneven ground: a grid of cells that get harder from row to row."""

from __future__ import annotations

from genelab.config.base import NonNegative, NonNegativeInt, Positive, PositiveInt, configclass
from genelab.utils.lazy import numpy as np

Ramp = tuple[float, float]
"""A value at the easiest level and at the hardest one; in between it is interpolated linearly."""
LEVEL_STRATUM, COLUMN_STRATUM = "terrain_level", "terrain_column"
"""Names of the strata that place evaluation episodes on the terrain, where a task declares them."""


@configclass
class CellCfg:
    """One kind of ground. A new one subclasses this and defines `heights`; nothing else needs to know it.

    Attributes:
        share: Columns of this kind, relative to the other kinds.
    """

    share: Positive = 1.0

    def heights(self, difficulty: float, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the surface of one cell, m.

        Args:
            difficulty: 0 for the easiest level, 1 for the hardest one.
            x: Coordinates of the vertices relative to the cell's centre, m, `(n, n)`; varies along the first axis.
            y: Likewise, along the second axis.
            rng: Random numbers of this cell alone.

        Returns:
            Heights `(n, n)`. Zero at the rim and flat about the centre, where robots start, unless the kind says
            otherwise.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define heights()")


@configclass
class TerrainCfg:
    """A height field about the world's origin: `levels` rows along x, from easy to hard, times `columns` along y.

    All envs share it. Each starts its episodes at the centre of a cell; its column stays, its level is moved by the
    curriculum (`genelab.mdp.curricula.terrain_levels`).

    Attributes:
        cells: Kinds of ground by name. Columns go to them in this order, in proportion to their shares.
        levels: Number of rows.
        columns: Number of columns.
        cell_size: Side of a cell, m.
        spacing: Distance of the height field's vertices, m: what is narrower cannot be represented, and a riser is a
            ramp of this width.
        border: Flat ground around the cells, m.
        initial_level: Envs begin the training at levels from 0 up to this one.
        spawn_radius: A robot is placed by the highest point within this half side of a square about it, m.
        friction: Friction coefficient. Genesis takes the larger one of a pair.
        seed: Each cell draws from (seed, level, column), whatever the seed of the environment.
    """

    cells: dict[str, CellCfg]
    levels: PositiveInt = 10
    columns: PositiveInt = 10
    cell_size: Positive = 8.0
    spacing: Positive = 0.1
    border: NonNegative = 4.0
    initial_level: NonNegativeInt = 0
    spawn_radius: NonNegative = 0.3
    friction: NonNegative = 1.0
    seed: NonNegativeInt = 0

    def __post_init__(self) -> None:
        if not self.cells:
            raise ValueError("a terrain needs at least one kind of cell")
        if self.columns < len(self.cells):
            raise ValueError(f"{self.columns} columns are too few for {len(self.cells)} kinds of cells")
        if self.initial_level >= self.levels:
            raise ValueError(f"initial_level {self.initial_level} is not below levels {self.levels}")
