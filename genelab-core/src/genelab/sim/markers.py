"""Spheres that are seen in pictures and in the viewer and are no part of the physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genelab.utils.lazy import torch


@dataclass(frozen=True)
class SphereMarker:
    """One sphere per env.

    Attributes:
        positions: Centres in the world, m, `(num_envs, 3)`.
        radius: m.
        color: (red, green, blue, opacity).
    """

    positions: torch.Tensor
    radius: float
    color: tuple[float, float, float, float]


class MarkerPainter:
    """Draws markers into a built Genesis scene, replacing those of the time before."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._drawn: list[Any] = []

    def paint(self, markers: list[SphereMarker], envs: list[int]) -> None:
        """Show `markers` of the envs in `envs`."""
        for drawn in self._drawn:
            self._scene.clear_debug_object(drawn)
        offsets = self._scene.envs_offset
        self._drawn = [
            self._scene.draw_debug_spheres(
                marker.positions[envs].cpu().numpy() + offsets[envs], radius=marker.radius, color=marker.color
            )
            for marker in markers
        ]
