"""Balance: whether what must be above the feet is above them."""

from __future__ import annotations

import numpy as np

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
    hull = _convex_hull(corners)
    side = np.roll(hull, -1, axis=0) - hull
    inward = np.stack((-side[:, 1], side[:, 0]), axis=1) / np.linalg.norm(side, axis=1, keepdims=True)
    return float(np.min(np.sum((point - hull) * inward, axis=1)))


def _convex_hull(points: np.ndarray) -> np.ndarray:
    """Return the corners counter-clockwise (monotone chain)."""
    ordered = sorted({(float(x), float(y)) for x, y in points})

    def chain(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for point in sequence:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0.0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _turn(first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]) -> float:
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])
