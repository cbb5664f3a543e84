"""The centre of mass of a robot whose weight rests on given places."""

from __future__ import annotations

import numpy as np

from genelab_tasks_locomotion.motion.support import GRAVITY


def balanced_path(rest: np.ndarray, height: float, fps: float) -> np.ndarray:
    """Return the path of the centre of mass whose zero-moment point is `rest`, `(num_frames, 2)`, m.

    The linear inverted pendulum, c'' = (g / h)(c − p), is unstable forward in time; as a boundary-value problem with
    c = p at both ends it is a tridiagonal system, solved at once: the body leans before the foot leaves the ground.

    Args:
        rest: Where the ground's force attacks, p, `(num_frames, 2)`, m.
        height: Of the centre of mass above the ground, h, m.
        fps: Frames per second.
    """
    stiff = height / GRAVITY * fps**2
    count = len(rest)
    upper = np.full(count, -stiff)
    diagonal = np.full(count, 1.0 + 2.0 * stiff)
    diagonal[[0, -1]], upper[[0, -1]] = 1.0, 0.0
    path, ratio = rest.astype(np.float64).copy(), np.zeros(count)
    for i in range(1, count):  # Thomas' algorithm
        lower = upper[i]
        pivot = diagonal[i] - lower * ratio[i - 1]
        ratio[i] = upper[i] / pivot
        path[i] = (path[i] - lower * path[i - 1]) / pivot
    for i in range(count - 2, -1, -1):
        path[i] -= ratio[i] * path[i + 1]
    return path
