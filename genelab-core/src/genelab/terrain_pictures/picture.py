"""A picture of a terrain from above: colour is height, light comes from the upper left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from genelab.terrains.generator import TerrainGrid
from genelab.utils.files import atomic_path

_SIDE = 1000
_MARGIN = 40
_PALETTE = np.array(
    [(33, 56, 120), (58, 121, 166), (196, 205, 178), (186, 148, 92), (128, 72, 44), (250, 244, 236)], dtype=float
)
_LIGHT = np.array([-1.0, -1.0, 1.6]) / np.linalg.norm([-1.0, -1.0, 1.6])


def write_picture(grid: TerrainGrid, path: Path) -> None:
    """Write a PNG: levels go up the picture, columns to the right, with the kinds of the columns below."""
    image = Image.fromarray(shaded(grid))
    scale = max(_SIDE / max(image.size), 1.0)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.NEAREST)
    page = Image.new("RGB", (image.width + _MARGIN, image.height + _MARGIN), "white")
    page.paste(image, (_MARGIN, 0))
    draw = ImageDraw.Draw(page)
    pixels = scale / grid.spacing  # per metre
    for column, kind in enumerate(grid.kinds):
        y = float(grid.origins[0, column, 1]) - grid.corner[1]
        draw.text((_MARGIN + y * pixels, image.height + _MARGIN / 2), kind, fill="black", anchor="mm")
    for level in range(grid.levels):
        x = float(grid.origins[level, 0, 0]) - grid.corner[0]
        draw.text((_MARGIN / 2, image.height - x * pixels), str(level), fill="black", anchor="mm")
    with atomic_path(path) as target:
        page.save(target, format="PNG")


def shaded(grid: TerrainGrid) -> np.ndarray:
    """Return one pixel per vertex, uint8 `(num_x, num_y, 3)`; the last level is in the first row."""
    heights = grid.heights
    low, high = float(heights.min()), float(heights.max())
    place = (heights - low) / max(high - low, 1e-6) * (len(_PALETTE) - 1)
    stops = np.arange(len(_PALETTE))
    color = np.stack([np.interp(place, stops, _PALETTE[:, channel]) for channel in range(3)], axis=-1)
    slope_x, slope_y = np.gradient(heights, grid.spacing)
    normal = np.stack((slope_x, -slope_y, np.ones_like(heights)), axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = np.clip(normal @ _LIGHT, 0.0, 1.0) / _LIGHT[2]
    return np.clip(color * (0.35 + 0.65 * light)[..., None], 0, 255).astype(np.uint8)[::-1]
