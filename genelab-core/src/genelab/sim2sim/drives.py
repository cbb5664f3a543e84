"""Actuator laws that are computed here at each tick, as a robot's motor controller does; simulators get the torque."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genelab.sim2sim.description import Drive, RobotModel
from genelab.utils.errors import UsageError

Law = Callable[[Drive, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

INTEGRATED = ("implicit_pd", "implicit_velocity")
"""Laws that a simulator integrates itself, with implicit damping."""


def pd(drive: Drive, target: np.ndarray, pos: np.ndarray, vel: np.ndarray) -> np.ndarray:
    """Return stiffness · (target − q) − damping · q̇ within the effort limit, `(num_envs, num_joints)`."""
    effort = drive.stiffness * (target - pos) - drive.damping * vel
    return np.clip(effort, -drive.effort_limit, drive.effort_limit)


def dc_motor(drive: Drive, target: np.ndarray, pos: np.ndarray, vel: np.ndarray) -> np.ndarray:
    """Return the torque of `pd` that a motor can give at this speed.

    While the torque drives the motion, at most saturation · clip(1 − |q̇| / velocity limit, 0, 1); while it brakes, the
    effort limit holds.
    """
    effort = pd(drive, target, pos, vel)
    driving = drive.saturation_effort * np.clip(1.0 - np.abs(vel) / drive.velocity_limit, 0.0, 1.0)
    limit = np.where(effort * vel > 0.0, np.minimum(driving, drive.effort_limit), drive.effort_limit)
    return np.clip(effort, -limit, limit)


def effort(drive: Drive, target: np.ndarray, pos: np.ndarray, vel: np.ndarray) -> np.ndarray:
    """Return the target itself within the effort limit."""
    return np.clip(target, -drive.effort_limit, drive.effort_limit)


SAMPLED: dict[str, Law] = {"ideal_pd": pd, "dc_motor": dc_motor, "effort": effort}
"""Laws computed here, from the joint state at each tick."""


def check_laws(robot: RobotModel) -> None:
    """Refuse a robot with a law that is not known.

    Raises:
        UsageError: naming the law and its joints.
    """
    for drive in robot.drives:
        if drive.model not in INTEGRATED and drive.model not in SAMPLED:
            names = ", ".join(robot.joint_names[i] for i in drive.joints)
            raise UsageError(
                f"sim2sim does not know the actuator law {drive.model!r} of {names}",
                fix=f"known: {', '.join((*INTEGRATED, *SAMPLED))}",
            )
