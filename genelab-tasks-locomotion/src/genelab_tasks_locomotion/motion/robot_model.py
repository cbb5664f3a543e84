"""A robot of the pack as a kinematic tree in MuJoCo: where its links are, what it weighs, how far its joints go."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.actuators import DcMotorCfg
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.joint_tables import match_names
from genelab.utils.names import unknown_name
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.robots import ROBOTS, LeggedRobot

MAKER = "unitree_"


def _import_mujoco() -> Any:
    if sys.platform == "linux" and "DISPLAY" not in os.environ:
        os.environ.setdefault("MUJOCO_GL", "egl")  # mujoco reads it when it is imported
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        raise GenelabError(f"motion clips need MuJoCo: {error}", fix="pip install 'mujoco>=3.2.5'") from error


mujoco: Any = _import_mujoco()  # a binary module, of whose names type checkers know nothing


@dataclass(frozen=True)
class LinkStates:
    """Links over time.

    Attributes:
        pos: `(num_frames, num_bodies, 3)`, m.
        quat: `(num_frames, num_bodies, 4)`, (w, x, y, z).
        com: Centre of mass of the whole robot, `(num_frames, 3)`, m.
        lowest: Height of the lowest point of the shapes that collide, `(num_frames,)`, m.
    """

    pos: np.ndarray
    quat: np.ndarray
    com: np.ndarray
    lowest: np.ndarray


def find_robot(name: str) -> LeggedRobot:
    """Return the robot of this name, with or without its maker's: `g1` or `unitree_g1`.

    Raises:
        UsageError: for an unknown name.
    """
    robots = {**ROBOTS, **{key.removeprefix(MAKER): robot for key, robot in ROBOTS.items()}}
    if name not in robots:
        raise unknown_name("robot", name, robots, where="--robot")
    return robots[name]


def robot_spec(robot: LeggedRobot) -> Any:
    """Return the robot's MJCF as a `mujoco.MjSpec`."""
    mjcf = robot.articulation().mjcf
    source = str(mjcf() if callable(mjcf) else mjcf)
    return mujoco.MjSpec.from_string(source) if source.startswith("<") else mujoco.MjSpec.from_file(source)


class RobotModel:
    """Forward kinematics of a robot on its own MJCF.

    Attributes:
        joint_names: Joints without the free one, depth first, as they stand in the MJCF.
        body_names: Links, the root first.
        joint_range: Limits `(num_joints, 2)`, rad.
        velocity_limit: Of the motors, `(num_joints,)`, rad/s.
    """

    def __init__(self, robot: LeggedRobot) -> None:
        cfg = robot.articulation(dc_motor=True)  # these motors know their speed limits
        self.robot = robot
        self.model: Any = robot_spec(robot).compile()
        self.data: Any = mujoco.MjData(self.model)
        self.joint_names = tuple(self.model.joint(i).name for i in range(1, self.model.njnt))
        self.body_names = tuple(self.model.body(i).name for i in range(1, self.model.nbody))
        self.joint_range = self.model.jnt_range[1:].copy()
        self.velocity_limit = np.full(len(self.joint_names), np.inf)
        for group in cfg.actuators.values():
            if isinstance(group, DcMotorCfg):
                self.velocity_limit[match_names(group.joints, self.joint_names, "joint")] = group.velocity_limit
        collides = (self.model.geom_contype > 0) & (self.model.geom_bodyid > 0)
        self._solid = np.flatnonzero(collides)

    def place(self, root_pos: np.ndarray, root_quat: np.ndarray, joint_pos: np.ndarray) -> None:
        """Put the robot there: `data` then holds its links, centre of mass and Jacobians."""
        self.data.qpos[:3], self.data.qpos[3:7], self.data.qpos[7:] = root_pos, root_quat, joint_pos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def link_states(self, root_pos: np.ndarray, root_quat: np.ndarray, joint_pos: np.ndarray) -> LinkStates:
        """Return the links for roots `(num_frames, 3)`, `(num_frames, 4)` and joints `(num_frames, num_joints)`."""
        frames, bodies = len(joint_pos), len(self.body_names)
        pos, quat = np.empty((frames, bodies, 3)), np.empty((frames, bodies, 4))
        com, lowest = np.empty((frames, 3)), np.empty(frames)
        for i in range(frames):
            self.place(root_pos[i], root_quat[i], joint_pos[i])
            pos[i], quat[i] = self.data.xpos[1:], self.data.xquat[1:]
            com[i], lowest[i] = self.data.subtree_com[1], self._lowest()
        return LinkStates(pos, quat, com, lowest)

    def _lowest(self) -> float:
        """Return the height of the lowest point of spheres and capsules, as which all robots here collide."""
        size, geoms = self.model.geom_size[self._solid], self._solid
        is_capsule = self.model.geom_type[geoms] == int(mujoco.mjtGeom.mjGEOM_CAPSULE)
        tilt = np.abs(self.data.geom_xmat[geoms, 8]) * size[:, 1] * is_capsule
        return float(np.min(self.data.geom_xpos[geoms, 2] - size[:, 0] - tilt))

    def sole_points(self, foot: str) -> np.ndarray:
        """Return the points on which a foot stands, in its link's frame, `(num_points, 3)`, m: below its spheres."""
        body = self.model.body(foot).id
        geoms = [i for i in self._solid if self.model.geom_bodyid[i] == body]
        points = self.model.geom_pos[geoms].copy()
        points[:, 2] -= self.model.geom_size[geoms, 0]
        return points


def model_of(clip: MotionClip, robot: str | None = None) -> RobotModel:
    """Return the model of `robot`, or of the one that the clip names.

    Raises:
        UsageError: if neither names one.
    """
    name = robot or clip.robot
    if name is None:
        raise UsageError("the clip does not say whose motion it is", fix="--robot g1")
    return RobotModel(find_robot(name))
