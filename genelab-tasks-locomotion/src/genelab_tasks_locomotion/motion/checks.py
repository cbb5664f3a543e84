"""Whether a robot could do what a clip shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import reordered
from genelab_tasks_locomotion.motion.kinematics import angular_velocity, velocity
from genelab_tasks_locomotion.motion.robot_model import LinkStates, RobotModel, model_of
from genelab_tasks_locomotion.motion.support import margin, zero_moment_point

FASTEST_ROOT = 8.0
"""m/s: a sprinter; more is a jump in the data."""
FASTEST_TURN = 30.0
"""rad/s of any link; more is a flipped orientation."""
JOINT_ACCELERATION = 500.0
"""rad/s², about what the motors give a free limb; noise at 50 frames per second is more."""
VELOCITY_MISMATCH = 0.02
"""Share of the largest velocity by which stated ones may differ from differences of positions."""
KINEMATICS = 2e-3
PENETRATION = 5e-3
SOLE_HEIGHT = 3e-3
SOLE_SPEED = 0.03


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        name: What.
        worst: The largest value found.
        allowed: The largest value that passes.
        unit: Of both.
        where: Frame and column of the worst value.
    """

    name: str
    worst: float
    allowed: float
    unit: str
    where: str

    @property
    def passed(self) -> bool:
        return self.worst <= self.allowed


def check_clip(clip: MotionClip, robot: str | None = None) -> list[Finding]:
    """Measure a clip on its robot.

    Args:
        clip: Frames on flat ground at height 0.
        robot: Whose it is; what the clip says if omitted.

    Raises:
        UsageError: if neither names a robot, or its joints and links are not the clip's.
    """
    model = model_of(clip, robot)
    clip = reordered(clip, model.joint_names, model.body_names, f"clip of {clip.robot} on {model.robot.name}")
    links = model.link_states(clip.body_pos[:, 0], clip.body_quat[:, 0], clip.joint_pos)
    return [
        *_of_joints(clip, model),
        *_of_links(clip, model, links),
        *(_of_feet(clip, model, links) if clip.foot_names else ()),
    ]


def _of_joints(clip: MotionClip, model: RobotModel) -> list[Finding]:
    names = clip.joint_names
    low, high = model.joint_range.T
    beyond = np.maximum(low - clip.joint_pos, clip.joint_pos - high)
    steps = np.abs(np.diff(clip.joint_pos, axis=0)) * clip.fps / model.velocity_limit
    acceleration = np.abs(np.diff(clip.joint_pos, n=2, axis=0)) * clip.fps**2
    return [
        worst_of("joint limits, beyond", beyond, 1e-3, "rad", names),
        worst_of("joint speed / motor's limit", steps, 1.0, "", names),
        worst_of("joint acceleration", acceleration, JOINT_ACCELERATION, "rad/s²", names),
        worst_of("joint velocities, error", _mismatch(clip.joint_vel, velocity(clip.joint_pos, clip.fps)), 1.0, "×"),
    ]


def _mismatch(stated: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the largest difference of each frame in units of what is allowed, `(num_frames,)`."""
    error = np.abs(stated - measured).reshape(len(stated), -1).max(axis=1)
    return error / (VELOCITY_MISMATCH * max(float(np.abs(measured).max()), 0.1))


def _of_links(clip: MotionClip, model: RobotModel, links: LinkStates) -> list[Finding]:
    root_speed = np.linalg.norm(np.diff(clip.body_pos[:, 0], axis=0), axis=1) * clip.fps
    turn = angular_velocity(clip.body_quat, clip.fps)
    moved = np.linalg.norm(clip.body_pos - links.pos, axis=2)
    turned = 2.0 * np.sqrt(np.clip(1.0 - np.sum(clip.body_quat * links.quat, axis=2) ** 2, 0.0, 1.0))
    lin_vel, names = velocity(clip.body_pos, clip.fps), clip.body_names
    return [
        worst_of("root speed", root_speed, FASTEST_ROOT, "m/s"),
        worst_of("link turning", np.linalg.norm(turn, axis=2), FASTEST_TURN, "rad/s", names),
        worst_of("link velocities, error", _mismatch(clip.body_lin_vel, lin_vel), 1.0, "×"),
        worst_of("link turning rates, error", _mismatch(clip.body_ang_vel, turn), 1.0, "×"),
        worst_of("links off the joints", moved, KINEMATICS, "m", names),
        worst_of("links turned off the joints", turned, KINEMATICS, "rad", names),
        worst_of("depth in the ground", -links.lowest, PENETRATION, "m"),
    ]


def _of_feet(clip: MotionClip, model: RobotModel, links: LinkStates) -> list[Finding]:
    """Return what planted feet do: they rest on the ground, and the robot balances on them."""
    soles = np.stack([_sole(model, links, foot) for foot in clip.foot_names], axis=1)
    planted = clip.foot_planted
    height = np.abs(soles[..., 2]).max(axis=2) * planted
    speed = np.linalg.norm(np.diff(soles, axis=0), axis=3).max(axis=2) * clip.fps * (planted[1:] & planted[:-1])
    findings = [
        worst_of("planted soles off the ground", height, SOLE_HEIGHT, "m", clip.foot_names),
        worst_of("planted soles, sliding", speed, SOLE_SPEED, "m/s", clip.foot_names),
    ]
    standing = np.flatnonzero(planted.any(axis=1))
    if len(standing) == 0 or "balance" not in clip.metadata:
        return findings
    points = zero_moment_point(links.com, clip.fps)
    findings.append(_outside("zero-moment point outside the soles", points, soles, planted))
    if clip.metadata["balance"] == "static":
        findings.append(_outside("centre of mass outside the soles", links.com[:, :2], soles, planted))
    return findings


def _sole(model: RobotModel, links: LinkStates, foot: str) -> np.ndarray:
    """Return the points on which a foot can stand over time, `(num_frames, num_points, 3)`."""
    body = model.body_names.index(foot)
    turned = Rotation.from_quat(links.quat[:, body], scalar_first=True).as_matrix()
    return links.pos[:, body, None] + model.sole_points(foot) @ turned.transpose(0, 2, 1)


def _outside(name: str, points: np.ndarray, soles: np.ndarray, planted: np.ndarray) -> Finding:
    """Return how far points `(num_frames, 2)` come out of the soles' hull while a foot stands."""
    beyond = np.full(len(points), -np.inf)
    for frame in np.flatnonzero(planted.any(axis=1)):
        beyond[frame] = -margin(points[frame], soles[frame, planted[frame]].reshape(-1, 3)[:, :2])
    return worst_of(name, beyond, 0.0, "m")


def worst_of(name: str, values: np.ndarray, allowed: float, unit: str, columns: Sequence[str] = ()) -> Finding:
    """Return the finding about the largest of `values`, `(num_frames,)` or `(num_frames, len(columns))`."""
    index = np.unravel_index(int(np.argmax(values)), values.shape)
    where = f"frame {index[0]}" + (f", {columns[int(index[1])]}" if columns else "")
    return Finding(name, float(values[index]), allowed, unit, where)
