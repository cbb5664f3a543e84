"""Balance: whether what must be above the feet is above them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

GRAVITY = 9.81


def zero_moment_point(com: np.ndarray, fps: float) -> np.ndarray:
    """Return where the ground's force must attack for this motion of the centre of mass, `(num_frames, 2)`, m.

    p = c − c_z / (g + a_z) · a, for a robot whose angular momentum about its centre of mass does not change.

    Args:
        com: Centre of mass `(num_frames, 3)`, m, above ground at height 0.
        fps: Frames per second.
    """
    acceleration = np.zeros_like(com)
    acceleration[1:-1] = (com[2:] - 2.0 * com[1:-1] + com[:-2]) * fps**2
    share = com[:, 2] / (GRAVITY + acceleration[:, 2])
    return com[:, :2] - share[:, None] * acceleration[:, :2]


def margin(point: np.ndarray, corners: np.ndarray) -> float:
    """Return how far a point `(2,)` lies inside the convex hull of `corners` `(num_corners, 2)`, m; < 0 is outside.

    Outside it is the distance to the furthest side's line, at most the distance to the hull.
    """
    sides = ConvexHull(corners).equations  # outward normal of length 1, and offset
    return -float(np.max(sides[:, :2] @ point + sides[:, 2]))
