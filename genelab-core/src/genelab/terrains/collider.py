"""Hand a height field to Genesis without the mesh that its collision code does not look at.

Genesis makes a triangle mesh and a signed distance field of every terrain: 150 s and 4 GB for 801 × 801 vertices.
Contacts with a terrain read the height field itself; of the mesh only the bounding box matters. A box in its place
gives the same simulation bit by bit (`tests/benchmarks/terrain.py --check`) within seconds. The patch is of a private
function and behind a version guard; without it, terrains work and take their time.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from genelab.terrains.generator import TerrainGrid

_TESTED = "1.4."


def add_terrain(scene: Any, gs: Any, grid: TerrainGrid, friction: float, *, drawn: bool) -> Any:
    """Add the terrain to a Genesis scene that is not built yet; return the Genesis entity.

    Args:
        scene: The scene.
        gs: The `genesis` module.
        grid: The terrain.
        friction: Friction coefficient.
        drawn: Whether it will be seen, which needs the mesh.
    """
    morph = gs.morphs.Terrain(
        height_field=grid.heights,
        horizontal_scale=grid.spacing,
        vertical_scale=1.0,
        pos=(*grid.corner, 0.0),
        visualization=drawn,
    )
    material = gs.materials.Rigid(friction=friction, sdf_min_res=16, sdf_max_res=16)
    with _box_for_mesh(gs):
        return scene.add_entity(morph, material=material)


@contextmanager
def _box_for_mesh(gs: Any) -> Iterator[None]:
    """Let Genesis' terrain parser return the bounding box as collision mesh."""
    if not importlib.metadata.version("genesis-world").startswith(_TESTED):
        yield
        return
    import trimesh
    from genesis.utils import terrain

    original = terrain.parse_terrain

    def parse(morph: Any, surface: Any) -> tuple[Any, Any, np.ndarray]:
        heights = np.asarray(morph.height_field).astype(gs.np_float)
        far = (np.array(heights.shape) - 1) * morph.horizontal_scale
        low, high = heights.min() * morph.vertical_scale - 1.0, heights.max() * morph.vertical_scale
        mesh = gs.Mesh.from_trimesh(
            mesh=trimesh.creation.box(bounds=[(0.0, 0.0, low), (*far, high)]),
            surface=gs.surfaces.Collision(),
            metadata={"horizontal_scale": morph.horizontal_scale, "height_field": heights},
        )
        shown = original(morph, surface)[0] if morph.visualization else None
        return shown, mesh, heights

    terrain.parse_terrain = parse
    try:
        yield
    finally:
        terrain.parse_terrain = original
