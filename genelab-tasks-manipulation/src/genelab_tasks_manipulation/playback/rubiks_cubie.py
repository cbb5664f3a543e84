"""The 27 small cubes of a Rubik's cube, built from boxes."""

from __future__ import annotations

from itertools import product

Place = tuple[int, int, int]

EDGE = 0.05
"""Edge of a small cube, m."""
PITCH = EDGE + 0.0015
"""Distance between neighbours, m."""
CENTRE = (0.0, 0.0, 0.25)
"""Where the cube hangs, m."""
GRID: tuple[Place, ...] = tuple(product((-1, 0, 1), repeat=3))  # pyright: ignore[reportAssignmentType]
COLORS = {
    (1, 0, 0): "0.75 0.05 0.05 1",
    (-1, 0, 0): "0.95 0.45 0.05 1",
    (0, 1, 0): "0.05 0.25 0.75 1",
    (0, -1, 0): "0.05 0.6 0.2 1",
    (0, 0, 1): "0.95 0.95 0.95 1",
    (0, 0, -1): "0.95 0.85 0.1 1",
}
"""Colour of the stickers on each side of the solved cube."""


def cubie_name(place: Place) -> str:
    """Return the name of the body that is at `place` (-1, 0 or 1 along each axis) in the solved cube."""
    return "cubie_" + "".join("m0p"[index + 1] for index in place)


def cubie_mjcf(place: Place) -> str:
    """Return a black box with stickers on its outer sides."""
    half, thick = EDGE / 2, 0.0008
    geoms = [f'<geom type="box" size="{half} {half} {half}" density="500" friction="1.2" rgba="0.05 0.05 0.05 1"/>']
    for side, color in COLORS.items():
        if any(s and s == p for s, p in zip(side, place, strict=True)):
            pos = " ".join(str(half * s) for s in side)
            size = " ".join(str(thick if s else 0.88 * half) for s in side)
            geoms.append(
                f'<geom type="box" size="{size}" pos="{pos}" mass="0" contype="0" conaffinity="0" rgba="{color}"/>'
            )
    body = f'<body name="cubie"><freejoint/>{"".join(geoms)}</body>'
    return f'<mujoco model="{cubie_name(place)}"><worldbody>{body}</worldbody></mujoco>'
