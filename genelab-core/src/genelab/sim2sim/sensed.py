"""Kinds of observation that come from a sensor of the scene: see `genelab.sim2sim.observations`.

`sensor` is a key of the metadata's `deployment.sensors`.
"""

from __future__ import annotations

import numpy as np

from genelab.sim2sim.robot_state import RobotState, rotate, rotate_inverse


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
