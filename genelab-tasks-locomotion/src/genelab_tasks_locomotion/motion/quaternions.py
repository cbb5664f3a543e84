"""Orientations over time, in numpy. Quaternions are (w, x, y, z) and of unit length."""

from __future__ import annotations

import numpy as np


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the rotation `second` followed by `first`, `(..., 4)` each."""
    w1, x1, y1, z1 = np.moveaxis(first, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(second, -1, 0)
    return np.stack(
        (
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ),
        axis=-1,
    )


def conjugate(quat: np.ndarray) -> np.ndarray:
    """Return the inverse rotations of `(..., 4)`."""
    return quat * np.array([1.0, -1.0, -1.0, -1.0])


def rotation_vector(quat: np.ndarray) -> np.ndarray:
    """Return axis × angle of rotations `(..., 4)`, rad, at most π long, `(..., 3)`."""
    quat = np.where(quat[..., :1] < 0.0, -quat, quat)
    sine = np.linalg.norm(quat[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, quat[..., :1])
    return quat[..., 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0)


def about_axis(axis: int, angle: np.ndarray | float) -> np.ndarray:
    """Return rotations about x (0), y (1) or z (2) by `angle`, rad, `(..., 4)`."""
    half = 0.5 * np.asarray(angle, dtype=np.float64)
    quat = np.zeros((*half.shape, 4))
    quat[..., 0], quat[..., 1 + axis] = np.cos(half), np.sin(half)
    return quat


def slerp(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return rotations `(..., 4)` a `share` `(...)` of the shorter way from `start` to `end`."""
    cosine = np.sum(start * end, axis=-1)
    end = np.where(cosine[..., None] < 0.0, -end, end)
    angle = np.arccos(np.clip(np.abs(cosine), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-7  # the chord is the arc
    safe = np.where(near, 1.0, sine)
    first = np.where(near, 1.0 - share, np.sin((1.0 - share) * angle) / safe)
    second = np.where(near, share, np.sin(share * angle) / safe)
    mixed = first[..., None] * start + second[..., None] * end
    return mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)


def angular_velocity(quat: np.ndarray, fps: float) -> np.ndarray:
    """Return angular velocities in the world's axes, rad/s, `(num_frames, ..., 3)`.

    Central differences, q(t + dt) q(t − dt)⁻¹ over 2 dt; one-sided at both ends.
    """
    before = np.concatenate((quat[:1], quat[:-1]))
    after = np.concatenate((quat[1:], quat[-1:]))
    steps = np.full(len(quat), 2.0)
    steps[[0, -1]] = 1.0
    turn = rotation_vector(multiply(after, conjugate(before)))
    return turn * fps / steps.reshape(-1, *[1] * (turn.ndim - 1))


def velocity(values: np.ndarray, fps: float) -> np.ndarray:
    """Return central differences of `(num_frames, ...)` per second; one-sided at both ends."""
    return np.gradient(values, 1.0 / fps, axis=0)
