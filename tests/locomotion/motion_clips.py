"""A small motion made by the tests themselves: a robot that sways in the air."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.kinematics import make_clip
from genelab_tasks_locomotion.motion.robot_model import RobotModel

FPS = 50.0


def sway(
    model: RobotModel, fps: float = FPS, seconds: float = 2.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return times, root positions, root quaternions (w, x, y, z) and joints of a smooth motion within the limits."""
    time = np.arange(round(seconds * fps) + 1) / fps
    middle, reach = model.joint_range.mean(axis=1), 0.2 * np.ptp(model.joint_range, axis=1)
    phase = np.arange(len(middle))
    joints = middle + reach * np.sin(1.5 * time[:, None] + phase)
    pos = np.stack((0.3 * np.sin(time), 0.2 * time, 1.5 + 0.1 * np.cos(time)), axis=1)
    angle, axis = 1.2 * time, np.array([0.48, -0.6, 0.64])
    quat = np.concatenate((np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * axis), axis=1)
    return time, pos, quat, joints


def sway_clip(model: RobotModel) -> MotionClip:
    _, pos, quat, joints = sway(model)
    return make_clip(model, FPS, pos, quat, joints, metadata={"source": "test"})


def write_lafan1(path: Path, pos: np.ndarray, quat: np.ndarray, joints: np.ndarray) -> None:
    """Write root xyz, quaternion xyzw and joints, one row a frame."""
    np.savetxt(path, np.concatenate((pos, quat[:, [1, 2, 3, 0]], joints), axis=1), delimiter=",", fmt="%.9f")
