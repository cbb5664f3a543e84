"""Observations of motion tracking from a robot's state and the reference's present frame.

`robot.command(name)` is the frame: joint positions and velocities, anchor position and orientation, as the metadata's
`deployment.commands.<name>.layout` says.
"""

from __future__ import annotations

import numpy as np

from genelab.sim2sim.observations import Asset
from genelab.sim2sim.robot_state import RobotState, multiply, rotate_inverse

CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])


def reference_joints(robot: RobotState, command: str) -> np.ndarray:
    """Positions (rad), then velocities (rad/s), of the reference's joints in the frame to reach."""
    return robot.command(command)[:, : 2 * len(robot.joint_names)]


def anchor_position(robot: RobotState, command: str, anchor: Asset) -> np.ndarray:
    """Where the reference's anchor is, seen from the robot's, m."""
    (link,) = robot.link_ids(anchor)
    target = robot.command(command)[:, -7:-4]
    return rotate_inverse(robot.links.quat[:, link], target - robot.links.pos[:, link])


def anchor_orientation(robot: RobotState, command: str, anchor: Asset) -> np.ndarray:
    """How the reference's anchor is turned, seen from the robot's: first two columns of the matrix, row by row."""
    (link,) = robot.link_ids(anchor)
    target = robot.command(command)[:, -4:]
    w, x, y, z = np.moveaxis(multiply(robot.links.quat[:, link] * CONJUGATE, target), -1, 0)
    return np.stack(
        (
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
        ),
        axis=-1,
    )
