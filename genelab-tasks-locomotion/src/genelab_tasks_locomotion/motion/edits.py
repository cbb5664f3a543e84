"""Clips from clips: a part, another rate, the mirror image."""

from __future__ import annotations

import numpy as np

from genelab.utils.errors import UsageError
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import reordered
from genelab_tasks_locomotion.motion.kinematics import make_clip, resample
from genelab_tasks_locomotion.motion.robot_model import RobotModel


def cut(clip: MotionClip, model: RobotModel, start: float, end: float | None, to_fps: float | None) -> MotionClip:
    """Return the part from `start` to `end` s, at another rate if one is given.

    Raises:
        UsageError: if the part lies outside the clip or has fewer than three frames.
    """
    clip = reordered(clip, model.joint_names, model.body_names, model.robot.name)
    end = clip.duration if end is None else end
    if not 0.0 <= start < end <= clip.duration + 1e-9:
        raise UsageError(f"{start:g} s to {end:g} s is no part of a clip of {clip.duration:g} s", where="--from, --to")
    part = slice(round(start * clip.fps), round(end * clip.fps) + 1)
    root_pos, root_quat, joints = clip.body_pos[part, 0], clip.body_quat[part, 0], clip.joint_pos[part]
    if len(joints) < 3:
        raise UsageError(f"{len(joints)} frames are left, velocities need 3", where="--from, --to")
    planted = clip.foot_planted[part] if clip.foot_names else None
    fps = to_fps or clip.fps
    if fps != clip.fps:
        root_pos, root_quat, joints = resample(root_pos, root_quat, joints, clip.fps, fps)
        if planted is not None:
            nearest = np.rint(np.arange(len(joints)) * clip.fps / fps).astype(int)
            planted = planted[np.minimum(nearest, len(planted) - 1)]
    return make_clip(model, fps, root_pos, root_quat, joints, metadata=clip.metadata, foot_planted=planted)


def mirrored(clip: MotionClip, model: RobotModel) -> MotionClip:
    """Return the clip as seen in a mirror in the world's xz plane: left is right, a left turn a right turn."""
    clip = reordered(clip, model.joint_names, model.body_names, model.robot.name)
    mirror = model.robot.mirror
    joints = clip.joint_pos[:, mirror.permutation(clip.joint_names)] * np.array(mirror.signs(clip.joint_names))
    planted = clip.foot_planted[:, mirror.permutation(clip.foot_names)] if clip.foot_names else None
    root_pos = clip.body_pos[:, 0] * np.array([1.0, -1.0, 1.0])
    root_quat = clip.body_quat[:, 0] * np.array([1.0, -1.0, 1.0, -1.0])  # a rotation vector is axial
    return make_clip(model, clip.fps, root_pos, root_quat, joints, metadata=clip.metadata, foot_planted=planted)
