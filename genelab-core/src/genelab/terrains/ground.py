"""The surface under the robots: heights at any point, for all envs at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from genelab.terrains.generator import TerrainGrid


class Ground(ABC):
    """What robots stand on."""

    @abstractmethod
    def height(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the height of the surface, m, at world coordinates of the same shape, m."""

    def height_at(self, points: torch.Tensor) -> torch.Tensor:
        """Return the height of the surface, m, `(...)`, at world positions, m, `(..., 2)` or `(..., 3)`."""
        return self.height(points[..., 0], points[..., 1])

    @abstractmethod
    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        """Return whether points are beyond the ground's edge, or nearer to it than `margin` (m), bool `(...)`."""


class FlatGround(Ground):
    """An endless plane."""

    def __init__(self, height: float) -> None:
        self._height = height

    def height(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.full_like(x, self._height)

    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        return torch.zeros_like(points[..., 0], dtype=torch.bool)


class HeightField(Ground):
    """A terrain's surface: two triangles between four vertices, split as Genesis' collision code splits them.

    The dividing edge runs from vertex (i + 1, j) to (i, j + 1). Beyond the edge of the field its last heights go on.
    """

    def __init__(self, grid: TerrainGrid, device: torch.device) -> None:
        heights = torch.as_tensor(grid.heights, device=device)
        corner, right = heights[:-1, :-1], heights[1:, :-1]
        up, opposite = heights[:-1, 1:], heights[1:, 1:]
        near = torch.stack((corner, right - corner, up - corner), dim=-1)
        far = torch.stack((up + right - opposite, opposite - up, opposite - right), dim=-1)
        # Height at the first vertex and rise along x and y, of the nearer and the farther triangle of each square.
        self._planes = torch.stack((near, far), dim=2).reshape(-1, 3)
        self._corner, self._spacing = grid.corner, grid.spacing
        self._last_x, self._last_y = grid.heights.shape[0] - 1, grid.heights.shape[1] - 1

    def height(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        along = ((x - self._corner[0]) / self._spacing).clamp_(0.0, self._last_x)
        across = ((y - self._corner[1]) / self._spacing).clamp_(0.0, self._last_y)
        i = along.long().clamp_(max=self._last_x - 1)
        j = across.long().clamp_(max=self._last_y - 1)
        along, across = along - i, across - j
        plane = self._planes[(i * self._last_y + j) * 2 + (along + across > 1.0)]
        return plane[..., 0] + along * plane[..., 1] + across * plane[..., 2]

    def outside(self, points: torch.Tensor, margin: float = 0.0) -> torch.Tensor:
        x, y = points[..., 0] - self._corner[0], points[..., 1] - self._corner[1]
        width, depth = self._last_x * self._spacing - margin, self._last_y * self._spacing - margin
        return (x < margin) | (y < margin) | (x > width) | (y > depth)
