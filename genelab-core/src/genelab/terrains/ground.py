"""The surface under the robots: heights at any point, for all envs at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from genelab.terrains.generator import TerrainGrid


class Ground(ABC):
    """What robots stand on."""

    @abstractmethod
    def height_at(self, points: torch.Tensor) -> torch.Tensor:
        """Return the height of the surface, m, `(...)`, at world positions, m, `(..., 2)` or `(..., 3)`."""

    @abstractmethod
    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        """Return whether points are beyond the ground's edge, or nearer to it than `margin` (m), bool `(...)`."""


class FlatGround(Ground):
    """An endless plane."""

    def __init__(self, height: float) -> None:
        self.height = height

    def height_at(self, points: torch.Tensor) -> torch.Tensor:
        return torch.full_like(points[..., 0], self.height)

    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        return torch.zeros_like(points[..., 0], dtype=torch.bool)


class HeightField(Ground):
    """A terrain's surface: two triangles between four vertices, split as Genesis' collision code splits them.

    The dividing edge runs from vertex (i + 1, j) to (i, j + 1). Beyond the edge of the field its last heights go on.
    """

    def __init__(self, grid: TerrainGrid, device: torch.device) -> None:
        self._heights = torch.as_tensor(grid.heights, device=device)
        self._corner = torch.tensor(grid.corner, device=device)
        self._spacing = grid.spacing
        size_x, size_y = grid.heights.shape
        self._last = torch.tensor([size_x - 1, size_y - 1], device=device)
        self._flat, self._stride = self._heights.flatten(), size_y

    def height_at(self, points: torch.Tensor) -> torch.Tensor:
        place = ((points[..., :2] - self._corner) / self._spacing).clamp(min=0.0).minimum(self._last)
        vertex = place.floor().minimum(self._last - 1.0)
        u, v = (place - vertex).unbind(-1)
        index = vertex[..., 0].long() * self._stride + vertex[..., 1].long()
        corner, right, up = (self._flat[index + step] for step in (0, self._stride, 1))
        opposite = self._flat[index + self._stride + 1]
        near = corner + u * (right - corner) + v * (up - corner)
        far = opposite + (1.0 - u) * (up - opposite) + (1.0 - v) * (right - opposite)
        return torch.where(u + v <= 1.0, near, far)

    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        place = points[..., :2] - self._corner
        return ((place < margin) | (place > self._last * self._spacing - margin)).any(dim=-1)
