"""Clips from descriptions: planted feet, a balanced body, and legs by inverse kinematics."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_banded
from scipy.spatial.transform import Rotation

from genelab.utils.errors import UsageError
from genelab.utils.joint_tables import per_joint
from genelab.utils.names import unknown_name
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.description import Description, joint_names
from genelab_tasks_locomotion.motion.footsteps import Footsteps, plan_footsteps
from genelab_tasks_locomotion.motion.inverse_kinematics import Stance, StanceSolver
from genelab_tasks_locomotion.motion.keyframes import interpolate, oscillate
from genelab_tasks_locomotion.motion.kinematics import make_clip
from genelab_tasks_locomotion.motion.robot_model import RobotModel, find_robot
from genelab_tasks_locomotion.motion.support import GRAVITY


def synthesise(description: Description) -> MotionClip:
    """Return the clip of a description.

    Raises:
        UsageError: for an unknown robot or joint, or a robot without two feet.
        GenelabError: if the robot cannot reach what a frame asks for.
    """
    model = RobotModel(find_robot(description.robot))
    if len(model.robot.feet) != 2:
        raise UsageError(f"{model.robot.name} does not walk on two feet", fix="--robot g1")
    solver = StanceSolver(model)
    feet = plan_footsteps(description)
    joints = _joints(description, model, solver, feet.time)
    soles = [model.sole_points(foot) for foot in model.robot.feet]
    headings = feet.place[..., 2]
    feet_quat = Rotation.from_euler("z", headings.reshape(-1, 1)).as_quat(scalar_first=True).reshape(*headings.shape, 4)
    heading_and_pitch = np.stack((headings.mean(axis=1), interpolate(feet.time, description.pelvis_pitch)), axis=1)
    root_quat = Rotation.from_euler("ZY", heading_and_pitch).as_quat(scalar_first=True)
    root_height = interpolate(feet.time, description.pelvis_height)
    rest = _rest(feet, [sole.mean(axis=0) for sole in soles])
    qpos = np.concatenate((model.robot.articulation().init_pos, [1.0, 0.0, 0.0, 0.0], joints[0]))
    feet_pos = np.concatenate((feet.place[..., :2], description.lift * feet.lift[..., None]), axis=2)
    feet_pos[..., 2] -= [sole[:, 2].min() for sole in soles]

    def stance(frame: int, com: np.ndarray) -> Stance:
        return Stance(feet_pos[frame], feet_quat[frame], com, root_height[frame], root_quat[frame])

    qpos = solver.solve(stance(0, rest[0]), qpos, "frame 0, 0.00 s")
    com = balanced_path(rest, float(model.data.subtree_com[1, 2]), description.fps)
    poses = np.empty((len(feet.time), len(qpos)))
    for frame, time in enumerate(feet.time):
        above = np.ones(len(model.joint_names), dtype=bool)
        above[solver.legs] = False
        qpos[7:][above] = joints[frame, above]
        qpos = poses[frame] = solver.solve(stance(frame, com[frame]), qpos, f"frame {frame}, {time:.2f} s")
    metadata = {"summary": description.summary, "balance": description.balance, "source": "genelab motion synth"}
    return make_clip(
        model,
        description.fps,
        poses[:, :3],
        poses[:, 3:7],
        poses[:, 7:],
        metadata=metadata,
        foot_planted=feet.planted,
    )


def _joints(description: Description, model: RobotModel, solver: StanceSolver, time: np.ndarray) -> np.ndarray:
    """Return the default pose with what the description moves, `(num_frames, num_joints)`, rad."""
    names = model.joint_names
    joints = np.tile(per_joint(model.robot.articulation().joint_pos, names, 0.0, "joint_pos"), (len(time), 1))
    for name in joint_names(description):
        if name not in names:
            raise unknown_name("joint", name, names, where="joints")
        if names.index(name) in solver.legs:
            raise UsageError(f"{name} is a joint of a leg, which the feet decide", where="joints")
    for name, keyframes in description.joints.items():
        joints[:, names.index(name)] = interpolate(time, keyframes)
    for one in description.oscillations:
        joints[:, names.index(one.joint)] += oscillate(time, one.start, one.end, one.frequency, one.amplitude)
    return joints


def _rest(feet: Footsteps, centres: list[np.ndarray]) -> np.ndarray:
    """Return where the weight rests: between the middles of the soles, `(num_frames, 2)`, m."""
    middles = []
    for foot, centre in enumerate(centres):
        x, y, yaw = np.moveaxis(feet.place[:, foot], -1, 0)
        cosine, sine = np.cos(yaw), np.sin(yaw)
        middles.append(
            np.stack((x + cosine * centre[0] - sine * centre[1], y + sine * centre[0] + cosine * centre[1]), axis=1)
        )
    return feet.load[:, None] * middles[0] + (1.0 - feet.load[:, None]) * middles[1]


def balanced_path(rest: np.ndarray, height: float, fps: float) -> np.ndarray:
    """Return the path of the centre of mass whose zero-moment point is `rest`, `(num_frames, 2)`, m.

    The linear inverted pendulum, c'' = (g / h)(c − p), is unstable forward in time; as a boundary-value problem with
    c = p at both ends it is a tridiagonal system, solved at once: the body leans before the foot leaves the ground.

    Args:
        rest: Where the ground's force attacks, p, `(num_frames, 2)`, m.
        height: Of the centre of mass above the ground, h, m.
        fps: Frames per second.
    """
    stiff = height / GRAVITY * fps**2
    bands = np.full((3, len(rest)), -stiff)
    bands[1] = 1.0 + 2.0 * stiff
    bands[1, [0, -1]], bands[0, 1], bands[2, -2] = 1.0, 0.0, 0.0
    return solve_banded((1, 1), bands, rest)
