"""How each kind of observation is computed from a robot's state: the table that a robot's own program implements.

A function `compute(robot, **params)` returns `(num_robots, dim)` before scale and clip. Parameters are those of the
metadata: `asset` is a table with the `joints` and `links` of an entity, `sensor` a key of `deployment.sensors`. A task
pack adds kinds through the hook `genelab_observation_kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from genelab.sim2sim.robot_state import RobotState, rotate, rotate_inverse

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


def imu_ang_vel(robot: RobotState, sensor: str) -> np.ndarray:
    """Angular velocity in the sensor's frame, rad/s: a gyroscope."""
    (link,) = robot.links_of(sensor)
    return rotate_inverse(robot.links.quat[:, link], robot.links.ang_vel[:, link])


def imu_lin_vel(robot: RobotState, sensor: str) -> np.ndarray:
    """Linear velocity of the sensor in its own frame, m/s."""
    (link,) = robot.links_of(sensor)
    quat = robot.links.quat[:, link]
    arm = rotate(quat, np.broadcast_to(robot.sensors[sensor]["offset"], (len(quat), 3)))
    return rotate_inverse(quat, robot.links.lin_vel[:, link] + np.cross(robot.links.ang_vel[:, link], arm))


def imu_projected_gravity(robot: RobotState, sensor: str) -> np.ndarray:
    """Direction of gravity in the sensor's frame; (0, 0, −1) when upright."""
    (link,) = robot.links_of(sensor)
    quat = robot.links.quat[:, link]
    return rotate_inverse(quat, np.broadcast_to(robot.gravity / np.linalg.norm(robot.gravity), (len(quat), 3)))


def height_scan(robot: RobotState, sensor: str, offset: float = 0.0) -> np.ndarray:
    """Height of the scanning link above the ground, point by point, minus `offset`, m: on a plane all the same."""
    (link,) = robot.links_of(sensor)
    described = robot.sensors[sensor]
    points = [round(extent / described["resolution"]) + 1 for extent in described["size"]]
    above = np.minimum(robot.links.pos[:, link, 2] - robot.ground_height, described["max_distance"])
    return np.tile(above[:, None] - offset, (1, points[0] * points[1]))


def ground_distance(robot: RobotState, sensor: str) -> np.ndarray:
    """Height of a point on each link above the ground, m."""
    links = robot.links_of(sensor)
    quat = robot.links.quat[:, links]
    arm = rotate(quat, np.broadcast_to(robot.sensors[sensor]["offset"], (*quat.shape[:-1], 3)))
    return robot.links.pos[:, links, 2] + arm[..., 2] - robot.ground_height
