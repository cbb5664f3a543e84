"""Clips from what a robot's root and joints do: links by forward kinematics, velocities by central differences."""

from __future__ import annotations

import numpy as np

from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.quaternions import angular_velocity, slerp, velocity
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

    return linear(root_pos), slerp(root_quat[before], root_quat[before + 1], share), linear(joint_pos)
