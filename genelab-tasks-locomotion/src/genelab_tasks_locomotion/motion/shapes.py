"""What every clip must be before anything is done with it: arrays that fit, finite numbers, rotations."""

from __future__ import annotations

from genelab.utils.errors import GenelabError
from genelab.utils.lazy import numpy as np
from genelab_tasks_locomotion.motion.clip import MotionClip

UNIT_TOLERANCE = 1e-3
_LAST = {"body_pos": 3, "body_quat": 4, "body_lin_vel": 3, "body_ang_vel": 3}
_COMPONENTS = {3: "xyz", 4: "wxyz"}


def check_shapes(clip: MotionClip, where: str) -> None:
    """Raise `GenelabError` if an array has another size than names and frames say, or there are fewer than 3 frames."""
    frames, joints, bodies = clip.num_frames, len(clip.joint_names), len(clip.body_names)
    expected: dict[str, tuple[int, ...]] = dict.fromkeys(("joint_pos", "joint_vel"), (frames, joints))
    expected |= {name: (frames, bodies, last) for name, last in _LAST.items()}
    if clip.foot_names:
        expected["foot_planted"] = (frames, len(clip.foot_names))
    for name, shape in expected.items():
        if getattr(clip, name).shape != shape:
            raise GenelabError(
                f"{name} has the shape {getattr(clip, name).shape}, expected {shape}: "
                f"{frames} frames, {joints} joints, {bodies} bodies",
                where=where,
                fix="write one row a frame and one column a name",
            )
    for kind, names in (("joint", clip.joint_names), ("body", clip.body_names)):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise GenelabError(f"{kind} {twice[0]!r} stands twice among the names", where=where)
    if frames < 3:
        raise GenelabError(f"the clip has {frames} frames, velocities need 3", where=where)
    if not (np.isfinite(clip.fps) and clip.fps > 0.0):
        raise GenelabError(f"fps is {clip.fps}", where=where, fix="state the frames per second")


def check_values(clip: MotionClip, where: str) -> None:
    """Raise `GenelabError` for the first number that is not finite or quaternion not of length 1: frame and column."""
    for name in ("joint_pos", "joint_vel", *_LAST):
        values = getattr(clip, name)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            frame, column, *rest = (int(i) for i in bad[0])
            names = clip.body_names if name in _LAST else clip.joint_names
            component = f".{_COMPONENTS[values.shape[-1]][rest[0]]}" if rest else ""
            raise GenelabError(
                f"{name} is {values[tuple(bad[0])]} in frame {frame}, column {column} ({names[column]}{component})",
                where=where,
                fix="cut the frame out, or repair it where it came from",
            )
    lengths = np.linalg.norm(clip.body_quat, axis=-1)
    bad = np.argwhere(np.abs(lengths - 1.0) > UNIT_TOLERANCE)
    if len(bad):
        frame, body = (int(i) for i in bad[0])
        raise GenelabError(
            f"body_quat has length {lengths[frame, body]:.4g} in frame {frame}, column {body} "
            f"({clip.body_names[body]}), expected 1",
            where=where,
            fix="divide quaternions (w, x, y, z) by their length",
        )
