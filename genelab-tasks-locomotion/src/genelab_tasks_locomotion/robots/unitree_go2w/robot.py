"""Unitree Go2-W: a quadruped of 19.5 kg whose feet are driven wheels."""

from __future__ import annotations

from pathlib import Path

from genelab.actuators import ImplicitVelocityCfg
from genelab.config import ArticulationCfg
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.mirror import Mirror
from genelab_tasks_locomotion.robots.quadruped_motors import leg_actuators
from genelab_tasks_locomotion.robots.skin import model

NATURAL_FREQUENCY, DAMPING_RATIO = 15.0, 0.75
"""Hz; of a bare leg motor under its PD law. The robot has Go1's motors and half as much weight again."""

WHEEL_DAMPING = 0.5
"""N m s/rad: how hard a wheel follows its target speed. Tasks that must not roll raise it."""

WHEEL_ACTION_SCALE = 20.0
"""rad/s per unit of action: 1.7 m/s at the rim."""

WHEEL_RADIUS = 0.086


def unitree_go2w_mjcf() -> str:
    """Return the model: a path, or XML with meshes, see `skin.model`."""
    return model(Path(__file__).parent / "unitree_go2w.xml")


def unitree_go2w(*, dc_motor: bool = False) -> ArticulationCfg:
    """Return the robot standing on its wheels; with `dc_motor`, the legs' torque falls with speed."""
    return ArticulationCfg(
        mjcf=unitree_go2w_mjcf,
        init_pos=(0.0, 0.0, 0.36),
        joint_pos={".*_thigh_joint": 0.9, ".*_calf_joint": -1.8},
        actuators={
            **leg_actuators(natural_frequency=NATURAL_FREQUENCY, damping_ratio=DAMPING_RATIO, dc_motor=dc_motor),
            "wheels": ImplicitVelocityCfg(
                joints=(".*_wheel_joint",),
                damping=WHEEL_DAMPING,
                effort_limit=15.0,
                action_scale=WHEEL_ACTION_SCALE,
            ),
        },
    )


UNITREE_GO2W = LeggedRobot(
    name="unitree_go2w",
    articulation=unitree_go2w,
    base="base_link",
    imu=(-0.02557, 0.0, 0.04232),
    feet={f"{leg}_wheel_link": (0.0, 0.06 if leg[1] == "L" else -0.06, 0.0) for leg in ("FL", "FR", "RL", "RR")},
    foot_height=WHEEL_RADIUS,
    mirror=Mirror(swapped=(("FL_", "FR_"), ("RL_", "RR_")), negated=(".*_hip_joint",)),
)
