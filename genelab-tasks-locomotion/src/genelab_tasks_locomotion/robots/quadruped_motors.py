"""The motors of Unitree's small quadrupeds: one type, and at the knee a linkage that trades speed for torque."""

from __future__ import annotations

from genelab.config import ActuatorCfg
from genelab_tasks_locomotion.robots.motors import Motor, reflected_inertia

_ROTOR_INERTIA = 0.000111842
"""kg m², the rotor links of Unitree's Go1 description."""

_REDUCTION = 6.33
"""Of the GO-M8010-6 motor, from its data sheet."""

_LINKAGE = 1.5
"""At the knee: the ratio of the two joints' torque limits, and of their speed limits."""

JOINT_MOTOR = Motor(
    armature=reflected_inertia((_ROTOR_INERTIA, 0.0), (_REDUCTION,)), effort_limit=23.7, velocity_limit=30.1
)
KNEE_MOTOR = Motor(
    armature=reflected_inertia((_ROTOR_INERTIA, 0.0, 0.0), (_REDUCTION, _LINKAGE)),
    effort_limit=35.55,
    velocity_limit=20.07,
)

ACTION_SCALE = 0.25
"""rad per unit of action."""


def leg_actuators(*, natural_frequency: float, damping_ratio: float, dc_motor: bool) -> dict[str, ActuatorCfg]:
    """Return position servos on the hips, thighs and calves.

    All motors have the same gains on their own side of the linkage, so the knees are stiffer by its square.
    """
    joints = {
        "hips_and_thighs": (JOINT_MOTOR, (".*_hip_joint", ".*_thigh_joint")),
        "calves": (KNEE_MOTOR, (".*_calf_joint",)),
    }
    actuators: dict[str, ActuatorCfg] = {}
    for name, (motor, patterns) in joints.items():
        stiffness, damping = motor.gains(natural_frequency, damping_ratio)
        actuators[name] = motor.servo(
            patterns, stiffness=stiffness, damping=damping, action_scale=ACTION_SCALE, dc_motor=dc_motor
        )
    return actuators
