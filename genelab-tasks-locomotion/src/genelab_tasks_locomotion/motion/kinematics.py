"""Clips from what a robot's root and joints do: links by forward kinematics, velocities by central differences."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.robot_model import RobotModel


def make_clip(
    model: RobotModel,
    fps: float,
    root_pos: np.ndarray,
    root_quat: np.ndarray,
    joint_pos: np.ndarray,
    *,
    metadata: dict[str, str],
    foot_planted: np.ndarray | None = None,
) -> MotionClip:
    """Return a clip in the model's order of joints and links.

    Args:
        model: The robot.
        fps: Frames per second.
        root_pos: `(num_frames, 3)`, m.
        root_quat: `(num_frames, 4)`, (w, x, y, z).
        joint_pos: `(num_frames, num_joints)`, rad.
        metadata: Facts about the clip; `robot` is added.
        foot_planted: `(num_frames, num_feet)` for the robot's feet; `None` if not known.
    """
    links = model.link_states(root_pos, root_quat, joint_pos)
    known = {} if foot_planted is None else {"foot_names": tuple(model.robot.feet), "foot_planted": foot_planted}
    return MotionClip(
        fps=fps,
        joint_names=model.joint_names,
        body_names=model.body_names,
        joint_pos=joint_pos,
        joint_vel=velocity(joint_pos, fps),
        body_pos=links.pos,
        body_quat=links.quat,
        body_lin_vel=velocity(links.pos, fps),
        body_ang_vel=angular_velocity(links.quat, fps),
        metadata={**metadata, "robot": model.robot.name},
        **known,
    )


def resample(
    root_pos: np.ndarray, root_quat: np.ndarray, joint_pos: np.ndarray, fps: float, to_fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return root and joints at another rate: linear, slerp for the orientation. The last frame may fall away."""
    frames = len(joint_pos)
    count = int(np.floor((frames - 1) * to_fps / fps + 1e-9)) + 1
    position = np.minimum(np.arange(count) * fps / to_fps, frames - 1)
    before = np.minimum(position.astype(int), frames - 2)
    share = position - before

    def linear(values: np.ndarray) -> np.ndarray:
        return values[before] + share[:, None] * (values[before + 1] - values[before])

    turns = Slerp(np.arange(frames), Rotation.from_quat(root_quat, scalar_first=True))
    return linear(root_pos), turns(position).as_quat(scalar_first=True), linear(joint_pos)


def velocity(values: np.ndarray, fps: float) -> np.ndarray:
    """Return central differences of `(num_frames, ...)` per second; one-sided at both ends."""
    return np.gradient(values, 1.0 / fps, axis=0)


def angular_velocity(quat: np.ndarray, fps: float) -> np.ndarray:
    """Return angular velocities in the world's axes, rad/s, `(num_frames, num_bodies, 3)`.

    Central differences of the orientations (w, x, y, z), `(num_frames, num_bodies, 4)`: the rotation from the frame
    before to the frame after over their distance in time; one-sided at both ends.
    """
    before, after = np.concatenate((quat[:1], quat[:-1])), np.concatenate((quat[1:], quat[-1:]))
    first, second = (Rotation.from_quat(part.reshape(-1, 4), scalar_first=True) for part in (before, after))
    turn = (second * first.inv()).as_rotvec().reshape(*quat.shape[:-1], 3)
    steps = np.full(len(quat), 2.0)
    steps[[0, -1]] = 1.0
    return turn * fps / steps[:, None, None]
