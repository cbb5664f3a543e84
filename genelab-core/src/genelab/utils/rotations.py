"""Rotations of batched vectors. Quaternions are (w, x, y, z) and of unit length."""

from __future__ import annotations

from genelab.utils.lazy import torch


def rotate_inverse(quat: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Rotate vectors `(..., 3)` by the inverse of quaternions `(..., 4)`: into the body frame."""
    scalar, axis = quat[..., :1], quat[..., 1:]
    twice = 2.0 * torch.linalg.cross(axis, vector, dim=-1)
    return vector - scalar * twice + torch.linalg.cross(axis, twice, dim=-1)


def rotate(quat: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Rotate vectors `(..., 3)` by quaternions `(..., 4)`: out of the body frame."""
    scalar, axis = quat[..., :1], quat[..., 1:]
    twice = 2.0 * torch.linalg.cross(axis, vector, dim=-1)
    return vector + scalar * twice + torch.linalg.cross(axis, twice, dim=-1)


def rotate_matrix(quat: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Return R M Rᵀ for quaternions `(..., 4)` and matrices `(..., 3, 3)`: an inertia seen from the outer frame."""
    half = rotate(quat[..., None, :], matrix.transpose(-1, -2))  # rows of Mᵀ turned: (R M)ᵀ
    return rotate(quat[..., None, :], half.transpose(-1, -2))


def angle_of(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the angle of the vectors (x, y), rad in [−π, π], elementwise; 0 for the zero vector.

    `torch.atan2` rounds the last elements of a tensor on a CPU in another way than the others, so that its answer for
    an env depends on how many there are. `torch.atan` does not.
    """
    length = torch.hypot(x, y)
    ahead = y / (length + x).clamp(min=torch.finfo(x.dtype).tiny)
    return 2.0 * torch.atan(torch.where(x >= 0.0, ahead, (length - x) / y))


def yaw_of(quat: torch.Tensor) -> torch.Tensor:
    """Return the heading of the x axis of quaternions `(..., 4)`, rad in (−π, π], `(...)`."""
    w, x, y, z = quat.unbind(-1)
    return angle_of(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def multiply(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the rotation `second` followed by `first`, `(..., 4)` each."""
    w1, x1, y1, z1 = first.unbind(-1)
    w2, x2, y2, z2 = second.unbind(-1)
    return torch.stack(
        (
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ),
        dim=-1,
    )


def from_euler(roll: torch.Tensor, pitch: torch.Tensor, yaw: torch.Tensor) -> torch.Tensor:
    """Return quaternions `(..., 4)` of rotations about x, then y, then z of the fixed frame, rad."""
    half = torch.stack((roll, pitch, yaw), dim=-1) * 0.5
    (sr, sp, sy), (cr, cp, cy) = torch.sin(half).unbind(-1), torch.cos(half).unbind(-1)
    return torch.stack(
        (
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ),
        dim=-1,
    )


def rotation_vector(target: torch.Tensor, quat: torch.Tensor) -> torch.Tensor:
    """Return the rotation that turns `quat` into `target`, as a vector in the fixed frame, rad, `(..., 3)`.

    Its length is the angle, at most π; quaternions are `(..., 4)`.
    """
    turn = multiply(target, conjugate(quat))
    turn = torch.where(turn[..., :1] < 0.0, -turn, turn)
    sine = turn[..., 1:].norm(dim=-1, keepdim=True)
    angle = 2.0 * torch.atan(sine / turn[..., :1])
    return turn[..., 1:] * torch.where(sine > 1e-6, angle / sine.clamp(min=1e-6), torch.full_like(sine, 2.0))


def about_z(angle: torch.Tensor) -> torch.Tensor:
    """Return quaternions `(..., 4)` of rotations about z by `angle`, rad, `(...)`."""
    half, zero = 0.5 * angle, torch.zeros_like(angle)
    return torch.stack((half.cos(), zero, zero, half.sin()), dim=-1)


def conjugate(quat: torch.Tensor) -> torch.Tensor:
    """Return the inverse rotations of `(..., 4)`."""
    return torch.cat((quat[..., :1], -quat[..., 1:]), dim=-1)


def angle_between(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the angle of the rotation from `first` to `second`, `(..., 4)`, rad in [0, π], `(...)`.

    From the chord: the arc cosine of their product would lose angles below 1e-3 to rounding.
    """
    chord = torch.minimum((first - second).norm(dim=-1), (first + second).norm(dim=-1))
    return 4.0 * torch.asin((0.5 * chord).clamp(max=1.0))


def two_columns(quat: torch.Tensor) -> torch.Tensor:
    """Return the first two columns of the matrices of quaternions `(..., 4)`, row by row, `(..., 6)`.

    They say all of a rotation and, unlike angles and quaternions, change smoothly with it.
    """
    w, x, y, z = quat.unbind(-1)
    return torch.stack(
        (
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
        ),
        dim=-1,
    )
