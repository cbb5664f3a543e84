"""Which cell of the terrain each env works in."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from scipy.ndimage import maximum_filter

from genelab.config.terrain import TerrainCfg
from genelab.terrains.generator import TerrainGrid
from genelab.terrains.ground import HeightField


class Placement:
    """Levels and columns of the envs.

    A column is an env's for good, so each kind of cell keeps its share; the level is what the curriculum has reached.
    An evaluation places envs by episode, which leaves what training has reached alone. Columns change fastest, so any
    levels × columns consecutive episodes visit every cell once.

    Attributes:
        level: Level that training has reached, int64 `(num_envs,)`.
        column: Column, int64 `(num_envs,)`.
        cell: Level and column that each env is in now, int64 `(num_envs, 2)`.
        origin: Centre of that cell on the surface, m, `(num_envs, 3)`.
    """

    def __init__(self, cfg: TerrainCfg, grid: TerrainGrid, num_envs: int, device: torch.device) -> None:
        self.cfg, self.grid = cfg, grid
        self._origins = torch.as_tensor(grid.origins, device=device)
        reach = 2 * math.ceil(cfg.spawn_radius / grid.spacing) + 1
        self._highest_about = HeightField(replace(grid, heights=maximum_filter(grid.heights, size=reach)), device)
        self.assign(torch.arange(num_envs, device=device))

    def assign(self, env: torch.Tensor) -> None:
        """Give each env its column and first level by its number within the run, int64 `(num_envs,)`."""
        self.column = env % self.grid.columns
        self.level = (env // self.grid.columns) % (self.cfg.initial_level + 1)
        self.cell = torch.stack((self.level, self.column), dim=1)
        self.origin = self._origins[self.level, self.column]

    def seated(self, pos: torch.Tensor) -> torch.Tensor:
        """Return positions in the world, m, `(num_envs, 3)`.

        Args:
            pos: Relative to the centres of the envs' cells; z counts from the highest ground about each place.
        """
        place = pos[:, :2] + self.origin[:, :2]
        height = self._highest_about.height_at(place) + pos[:, 2]
        return torch.cat((place, height[:, None]), dim=1)

    def change_level(self, change: torch.Tensor) -> None:
        """Add `change`, int64 `(num_envs,)`, to the levels and keep them within the terrain."""
        self.level = (self.level + change).clamp(0, self.grid.levels - 1)

    def kind_masks(self) -> dict[str, torch.Tensor]:
        """Return which envs belong to each kind of cell, float32 `(num_envs,)` of zeros and ones."""
        kinds = self.grid.kinds
        columns = {kind: [i for i, name in enumerate(kinds) if name == kind] for kind in dict.fromkeys(kinds)}
        return {
            kind: torch.isin(self.column, torch.tensor(ids, device=self.column.device)).float()
            for kind, ids in columns.items()
        }

    def place(self, mask: torch.Tensor) -> None:
        """Put the envs in `mask`, bool `(num_envs,)`, into the cells that training has reached."""
        self._put(mask, self.level, self.column)

    def place_episodes(
        self, mask: torch.Tensor, episode: torch.Tensor, level: torch.Tensor | None, column: torch.Tensor | None
    ) -> None:
        """Put the envs in `mask` into the cells of their episodes.

        Args:
            mask: Bool `(num_envs,)`.
            episode: Index of each env's episode, int64 `(num_envs,)`.
            level: Level of each, where the evaluation's plan has one (`ManagerBasedRlEnvCfg.strata`).
            column: Column of each, likewise.
        """
        if level is None:
            level = (episode // self.grid.columns) % self.grid.levels
        self._put(mask, level, episode % self.grid.columns if column is None else column)

    def _put(self, mask: torch.Tensor, level: torch.Tensor, column: torch.Tensor) -> None:
        self.cell = torch.where(mask[:, None], torch.stack((level, column), dim=1), self.cell)
        self.origin = self._origins[self.cell[:, 0], self.cell[:, 1]]

    def state_dict(self) -> dict[str, Any]:
        return {"level": self.level.clone(), "cell": self.cell.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.level = state["level"].to(self.level.device, copy=True)
        self._put(torch.ones_like(self.level, dtype=torch.bool), *state["cell"].to(self.level.device).unbind(1))
