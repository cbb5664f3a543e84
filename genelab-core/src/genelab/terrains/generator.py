"""From a terrain's config to its height field, in numpy and without a simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genelab.config.terrain import TerrainCfg
from genelab.utils.errors import UsageError


@dataclass(frozen=True)
class TerrainGrid:
    """A generated terrain.

    Attributes:
        heights: Surface at the vertices, m, float32 `(num_x, num_y)`.
        corner: World position of vertex (0, 0), m.
        spacing: Distance of the vertices, m.
        origins: Centres of the cells on the surface, m, float32 `(levels, columns, 3)`.
        kinds: Kind of each column.
        cell_size: Side of a cell, m.
    """

    heights: np.ndarray
    corner: tuple[float, float]
    spacing: float
    origins: np.ndarray
    kinds: tuple[str, ...]
    cell_size: float

    @property
    def levels(self) -> int:
        return self.origins.shape[0]

    @property
    def columns(self) -> int:
        return self.origins.shape[1]


def generate(cfg: TerrainCfg) -> TerrainGrid:
    """Build the height field. The same config gives the same terrain, cell by cell.

    Raises:
        UsageError: if the cell size is not a multiple of the vertices' distance.
    """
    steps = round(cfg.cell_size / cfg.spacing)
    if abs(steps * cfg.spacing - cfg.cell_size) > 1e-6:
        raise UsageError(f"cell_size {cfg.cell_size} is not a multiple of spacing {cfg.spacing}", where="scene.terrain")
    rim = round(cfg.border / cfg.spacing)
    shape = (cfg.levels * steps + 1 + 2 * rim, cfg.columns * steps + 1 + 2 * rim)
    surface = np.zeros(shape)
    touched = np.zeros(shape, dtype=bool)
    half = steps * cfg.spacing / 2.0
    x, y = np.meshgrid(*[np.linspace(-half, half, steps + 1)] * 2, indexing="ij")
    kinds = column_kinds(cfg)
    for level in range(cfg.levels):
        difficulty = level / (cfg.levels - 1) if cfg.levels > 1 else 0.0
        for column, kind in enumerate(kinds):
            rng = np.random.default_rng((cfg.seed, level, column))
            made = cfg.cells[kind].heights(difficulty, x, y, rng)
            cell = np.s_[
                rim + level * steps : rim + (level + 1) * steps + 1,
                rim + column * steps : rim + (column + 1) * steps + 1,
            ]
            # Neighbours share a line of vertices; the higher of the two surfaces stays.
            surface[cell] = np.where(touched[cell], np.maximum(surface[cell], made), made)
            touched[cell] = True
    corner = (-(shape[0] - 1) * cfg.spacing / 2.0, -(shape[1] - 1) * cfg.spacing / 2.0)
    return TerrainGrid(
        heights=surface.astype(np.float32),
        corner=corner,
        spacing=cfg.spacing,
        origins=_origins(cfg, surface, corner, rim, steps),
        kinds=kinds,
        cell_size=cfg.cell_size,
    )


def column_kinds(cfg: TerrainCfg) -> tuple[str, ...]:
    """Return the kind of each column: neighbours are of one kind, their number follows the shares, at least one each.

    The largest remainders get the columns that are left over.
    """
    total = sum(cell.share for cell in cfg.cells.values())
    exact = {name: cell.share / total * cfg.columns for name, cell in cfg.cells.items()}
    counts = {name: max(int(value), 1) for name, value in exact.items()}
    while (left := cfg.columns - sum(counts.values())) != 0:
        step = 1 if left > 0 else -1
        able = [name for name in counts if counts[name] + step >= 1]
        furthest = max(able, key=lambda name: step * (exact[name] - counts[name]))
        counts[furthest] += step
    return tuple(name for name, count in counts.items() for _ in range(count))


def _origins(cfg: TerrainCfg, surface: np.ndarray, corner: tuple[float, float], rim: int, steps: int) -> np.ndarray:
    made = np.zeros((cfg.levels, cfg.columns, 3), dtype=np.float32)
    for level in range(cfg.levels):
        for column in range(cfg.columns):
            i, j = rim + level * steps + steps / 2.0, rim + column * steps + steps / 2.0
            made[level, column, :2] = corner[0] + i * cfg.spacing, corner[1] + j * cfg.spacing
            made[level, column, 2] = surface[int(i), int(j)]
    return made
