"""Unitree G1: a humanoid of 33.3 kg with 29 joints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genelab.config import ArticulationCfg
from genelab.config.scene import ActuatorCfg
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.mirror import Mirror
from genelab_tasks_locomotion.robots.motors import Motor, reflected_inertia
from genelab_tasks_locomotion.robots.skin import model

NATURAL_FREQUENCY = 10.0
"""Hz, of a bare motor under its PD law."""

DAMPING_RATIO = 2.0
"""Overdamped, because the links' inertia, which the gains do not count, takes damping away."""

# Rotor inertias and gears by the motor's name; torque and speed limits are the joints' in Unitree's description.
M5020 = Motor(reflected_inertia((0.139e-4, 0.017e-4, 0.169e-4), (1 + 46 / 18, 1 + 56 / 16)), 25.0, 37.0)
M7520_14 = Motor(reflected_inertia((0.489e-4, 0.098e-4, 0.533e-4), (4.5, 1 + 48 / 22)), 88.0, 32.0)
M7520_22 = Motor(reflected_inertia((0.489e-4, 0.109e-4, 0.738e-4), (4.5, 5.0)), 139.0, 20.0)
M4010 = Motor(reflected_inertia((0.068e-4, 0.0, 0.0), (5.0, 5.0)), 5.0, 22.0)
PARALLEL_5020 = Motor(2.0 * M5020.armature, 2.0 * M5020.effort_limit, M5020.velocity_limit)
"""Ankles and the lower waist: two motors push one platform through rods. Here each joint of it feels both."""


@dataclass(frozen=True)
class _Group:
    """Joints that one type of motor drives."""

    motor: Motor
    joints: tuple[str, ...]


MOTORS = {
    "arms": _Group(M5020, (".*_shoulder_.*_joint", ".*_elbow_joint", ".*_wrist_roll_joint")),
    "hip_pitch_yaw": _Group(M7520_14, (".*_hip_pitch_joint", ".*_hip_yaw_joint", "waist_yaw_joint")),
    "hip_roll_knee": _Group(M7520_22, (".*_hip_roll_joint", ".*_knee_joint")),
    "wrists": _Group(M4010, (".*_wrist_pitch_joint", ".*_wrist_yaw_joint")),
    "waist": _Group(PARALLEL_5020, ("waist_pitch_joint", "waist_roll_joint")),
    "ankles": _Group(PARALLEL_5020, (".*_ankle_pitch_joint", ".*_ankle_roll_joint")),
}


def unitree_g1_mjcf() -> str:
    """Return the model: a path, or XML with meshes, see `skin.model`."""
    return model(Path(__file__).parent / "unitree_g1.xml")


def unitree_g1(*, dc_motor: bool = False) -> ArticulationCfg:
    """Return the robot standing with bent knees; with `dc_motor`, torque falls with speed.

    One unit of action asks for a quarter of the motor's torque limit in a joint that stands still.
    """
    actuators: dict[str, ActuatorCfg] = {}
    for name, group in MOTORS.items():
        stiffness, damping = group.motor.gains(NATURAL_FREQUENCY, DAMPING_RATIO)
        actuators[name] = group.motor.servo(
            group.joints,
            stiffness=stiffness,
            damping=damping,
            action_scale=0.25 * group.motor.effort_limit / stiffness,
            dc_motor=dc_motor,
        )
    return ArticulationCfg(
        mjcf=unitree_g1_mjcf,
        init_pos=(0.0, 0.0, 0.76),
        joint_pos={
            ".*_hip_pitch_joint": -0.312,
            ".*_knee_joint": 0.669,
            ".*_ankle_pitch_joint": -0.363,
            ".*_elbow_joint": 0.6,
            ".*_shoulder_pitch_joint": 0.2,
            "left_shoulder_roll_joint": 0.2,
            "right_shoulder_roll_joint": -0.2,
        },
        actuators=actuators,
    )


UNITREE_G1 = LeggedRobot(
    name="unitree_g1",
    articulation=unitree_g1,
    base="pelvis",
    imu=(0.04525, 0.0, -0.08339),
    feet={f"{side}_ankle_roll_link": (0.04, 0.0, -0.035) for side in ("left", "right")},
    foot_height=0.0,
    mirror=Mirror(swapped=(("left_", "right_"),), negated=(".*_roll_joint", ".*_yaw_joint")),
)
