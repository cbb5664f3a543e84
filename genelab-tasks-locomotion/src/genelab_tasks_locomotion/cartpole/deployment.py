"""Observations of the cart-poles from a robot's own state, for other simulators and for the real cart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from genelab.sim2sim.robot_state import RobotState


def target_cue(robot: RobotState, command: str, steps: int) -> np.ndarray:
    """The target, m, while the episode is younger than `steps` control steps, then 0."""
    return robot.command(command)[:, :1] * (robot.step < steps)[:, None]
