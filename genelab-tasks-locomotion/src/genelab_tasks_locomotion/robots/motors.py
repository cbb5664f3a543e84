"""Motors as their joints feel them: inertia through the gears, and gains that follow from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genelab.actuators import DcMotorCfg, ImplicitPdCfg
from genelab.config.base import PerJoint


def reflected_inertia(rotors: Sequence[float], ratios: Sequence[float]) -> float:
    """Return the inertia of a gear train at its output, kg m².

    A part that turns n times faster than the output weighs n² times its own inertia there.

    Args:
        rotors: Inertia of the motor's rotor, then of the output of each stage, kg m².
        ratios: Reduction of each stage, one less than `rotors`.
    """
    return sum(inertia * math.prod(ratios[stage:]) ** 2 for stage, inertia in enumerate(rotors))


@dataclass(frozen=True)
class Motor:
    """A geared motor, or several on one joint.

    Attributes:
        armature: Reflected inertia, kg m². The MJCF file holds the same number.
        effort_limit: Largest torque, N m.
        velocity_limit: No-load speed, rad/s.
    """

    armature: float
    effort_limit: float
    velocity_limit: float

    def gains(self, natural_frequency: float, damping_ratio: float) -> tuple[float, float]:
        """Return stiffness (N m/rad) and damping (N m s/rad) that give the bare motor this response.

        The link it moves adds inertia, so the joint is slower than `natural_frequency` (Hz) and less damped.
        """
        omega = 2.0 * math.pi * natural_frequency
        return self.armature * omega**2, 2.0 * damping_ratio * self.armature * omega

    def servo(
        self, joints: tuple[str, ...], *, stiffness: float, damping: float, action_scale: PerJoint, dc_motor: bool
    ) -> ImplicitPdCfg | DcMotorCfg:
        """Return a position servo on `joints`.

        Args:
            joints: Name patterns.
            stiffness: N m/rad.
            damping: N m s/rad.
            action_scale: rad per unit of action.
            dc_motor: Limit the torque by speed as well. Then torques are computed before every tick instead of inside
                the solver, which costs time and asks for a shorter tick.
        """
        if not dc_motor:
            return ImplicitPdCfg(
                joints=joints,
                stiffness=stiffness,
                damping=damping,
                effort_limit=self.effort_limit,
                action_scale=action_scale,
            )
        return DcMotorCfg(
            joints=joints,
            stiffness=stiffness,
            damping=damping,
            effort_limit=self.effort_limit,
            velocity_limit=self.velocity_limit,
            action_scale=action_scale,
        )
