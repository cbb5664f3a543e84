"""A motion of a robot, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from genelab.utils.lazy import numpy as np


@dataclass(frozen=True, kw_only=True)
class MotionClip:
    """What a robot did, at a fixed rate. Lengths are in m, angles in rad, the world's z axis points up from the ground.

    Attributes:
        fps: Frames per second.
        joint_names: Joints with one degree of freedom, in the order of the columns.
        body_names: Links, the root first.
        joint_pos: `(num_frames, num_joints)`.
        joint_vel: The same per second.
        body_pos: Origins of the links' frames in the world, `(num_frames, num_bodies, 3)`.
        body_quat: Their orientations (w, x, y, z), `(num_frames, num_bodies, 4)`.
        body_lin_vel: Velocities of those origins in the world, m/s, `(num_frames, num_bodies, 3)`.
        body_ang_vel: Angular velocities in the world's axes, rad/s, `(num_frames, num_bodies, 3)`.
        foot_names: Links that stand on the ground at times; empty when nobody said which and when.
        foot_planted: When each does, bool `(num_frames, num_feet)`.
        metadata: Plain facts: `robot`, `source`, `summary`, `balance` (`"static"` or `"dynamic"`).
    """

    fps: float
    joint_names: tuple[str, ...]
    body_names: tuple[str, ...]
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    body_pos: np.ndarray
    body_quat: np.ndarray
    body_lin_vel: np.ndarray
    body_ang_vel: np.ndarray
    foot_names: tuple[str, ...] = ()
    foot_planted: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def num_frames(self) -> int:
        return len(self.joint_pos)

    @property
    def duration(self) -> float:
        """Time from the first frame to the last, s."""
        return (self.num_frames - 1) / self.fps

    @property
    def robot(self) -> str | None:
        """Name of the robot, if the clip says it."""
        return self.metadata.get("robot")
