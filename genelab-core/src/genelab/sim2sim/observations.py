"""How each kind of observation is computed from a robot's state: the table that a robot's own program implements.

A function `compute(robot, **params)` returns `(num_robots, dim)` before scale and clip. Parameters are those of the
metadata; one that names an entity is a table with its `joints` and `links`. A task pack adds kinds through the hook
`genelab_observation_kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from genelab.sim2sim.robot_state import RobotState, rotate_inverse

Asset = Mapping[str, Any]


def joint_pos_rel(robot: RobotState, asset: Asset) -> np.ndarray:
    """Joint positions minus their defaults, rad or m."""
    return (robot.joint_pos - robot.default_joint_pos)[:, robot.joint_ids(asset)]


def joint_vel(robot: RobotState, asset: Asset) -> np.ndarray:
    """Joint velocities, rad/s or m/s."""
    return robot.joint_vel[:, robot.joint_ids(asset)]


def base_lin_vel(robot: RobotState, asset: Asset) -> np.ndarray:
    """Linear velocity of the base's origin in the base frame, m/s."""
    return rotate_inverse(robot.links.quat[:, 0], robot.links.lin_vel[:, 0])


def base_ang_vel(robot: RobotState, asset: Asset) -> np.ndarray:
    """Angular velocity of the base in its own frame, rad/s: what its gyroscope measures."""
    return rotate_inverse(robot.links.quat[:, 0], robot.links.ang_vel[:, 0])


def projected_gravity(robot: RobotState, asset: Asset) -> np.ndarray:
    """Direction "down" of the world in the base frame; (0, 0, −1) when upright."""
    quat = robot.links.quat[:, 0]
    return rotate_inverse(quat, np.broadcast_to([0.0, 0.0, -1.0], (len(quat), 3)))


def link_ang_vel(robot: RobotState, asset: Asset) -> np.ndarray:
    """Angular velocities of links, each in its own frame, rad/s, link after link."""
    ids = robot.link_ids(asset)
    own = rotate_inverse(robot.links.quat[:, ids], robot.links.ang_vel[:, ids])
    return own.reshape(len(own), -1)


def last_action(robot: RobotState) -> np.ndarray:
    """The action of the step before, as the policy gave it."""
    return robot.last_action


def command(robot: RobotState, name: str) -> np.ndarray:
    """The present value of a command."""
    return robot.command(name)
