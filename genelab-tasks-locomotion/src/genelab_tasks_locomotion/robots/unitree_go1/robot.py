"""Unitree Go1: a quadruped of 12.7 kg with 12 joints."""

from __future__ import annotations

from pathlib import Path

from genelab.config import ArticulationCfg
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.mirror import Mirror
from genelab_tasks_locomotion.robots.quadruped_motors import leg_actuators
from genelab_tasks_locomotion.robots.skin import model

NATURAL_FREQUENCY, DAMPING_RATIO = 12.0, 0.75
"""Hz; of a bare motor under its PD law. Hips and thighs get 25 N m/rad and 0.5 N m s/rad as documented."""

LEGS = ("FR", "FL", "RR", "RL")


def unitree_go1_mjcf() -> str:
    """Return the model: a path, or XML with meshes, see `skin.model`."""
    return model(Path(__file__).parent / "unitree_go1.xml")


def unitree_go1(*, dc_motor: bool = False) -> ArticulationCfg:
    """Return the robot standing with bent knees; with `dc_motor`, torque falls with speed."""
    return ArticulationCfg(
        mjcf=unitree_go1_mjcf,
        init_pos=(0.0, 0.0, 0.29),
        joint_pos={".*_thigh_joint": 0.9, ".*_calf_joint": -1.8},
        actuators=leg_actuators(natural_frequency=NATURAL_FREQUENCY, damping_ratio=DAMPING_RATIO, dc_motor=dc_motor),
    )


UNITREE_GO1 = LeggedRobot(
    name="unitree_go1",
    articulation=unitree_go1,
    base="trunk",
    imu=(-0.01592, -0.06659, -0.00617),
    feet={f"{leg}_calf": (0.0, 0.0, -0.213) for leg in LEGS},
    foot_height=0.023,
    mirror=Mirror(swapped=(("FL_", "FR_"), ("RL_", "RR_")), negated=(".*_hip_joint",)),
)
