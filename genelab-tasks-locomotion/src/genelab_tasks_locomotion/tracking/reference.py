"""A clip as one table on the environment's device: a row a frame, so that a step reads it once."""

from __future__ import annotations

from dataclasses import dataclass, fields

from genelab.utils.lazy import torch
from genelab_tasks_locomotion.motion.clip import MotionClip


@dataclass(frozen=True)
class Frames:
    """What the reference does in one frame for each env; positions in m, angles in rad, in the world.

    Attributes:
        joint_pos: `(num_envs, num_joints)`.
        joint_vel: `(num_envs, num_joints)`.
        body_pos: Origins of the links, `(num_envs, num_bodies, 3)`.
        body_quat: Their orientations (w, x, y, z), `(num_envs, num_bodies, 4)`.
        body_lin_vel: `(num_envs, num_bodies, 3)`.
        body_ang_vel: `(num_envs, num_bodies, 3)`.
    """

    joint_pos: torch.Tensor
    joint_vel: torch.Tensor
    body_pos: torch.Tensor
    body_quat: torch.Tensor
    body_lin_vel: torch.Tensor
    body_ang_vel: torch.Tensor


class ReferenceMotion:
    """Frames of a clip by number.

    Attributes:
        num_frames: Number of frames.
    """

    def __init__(self, clip: MotionClip, device: torch.device) -> None:
        self.num_frames = clip.num_frames
        parts = [torch.as_tensor(getattr(clip, f.name), dtype=torch.float32) for f in fields(Frames)]
        self._shapes = [part.shape[1:] for part in parts]
        self._widths = [part[0].numel() for part in parts]
        self._table = torch.cat([part.flatten(1) for part in parts], dim=1).to(device)

    def at(self, frame: torch.Tensor) -> Frames:
        """Return the frames `frame`, int64 `(num_envs,)`."""
        rows = self._table[frame].split(self._widths, dim=1)
        pairs = zip(rows, self._shapes, strict=True)
        return Frames(*(row.unflatten(1, shape) for row, shape in pairs))
