"""The Franka Emika Panda with its hand, and the cube that it handles."""

from __future__ import annotations

from genelab.actuators import ImplicitPdCfg
from genelab.config import ArticulationCfg, RigidObjectCfg, SceneEntityCfg
from genelab_tasks_manipulation.assets import genesis_asset

ARM = ("joint[1-7]",)
FINGERS = ("finger_joint[12]",)
HAND = SceneEntityCfg(name="robot", links=("hand",))
CUBE = SceneEntityCfg(name="cube")

CUBE_EDGE = 0.04
"""Edge of the cube, m."""
REST_HEIGHT = CUBE_EDGE / 2
"""Height of the cube's centre when it lies on the ground, m."""
REACH = 0.855
"""Largest distance of the flange from the base, m (Franka Emika, data sheet of the robot arm)."""


def franka_mjcf() -> str:
    """Return the path of the Panda that ships in genesis-world (MuJoCo Menagerie)."""
    return genesis_asset("xml/franka_emika_panda/panda.xml")


def cube_mjcf() -> str:
    """Return a wooden cube of 50 g."""
    half = CUBE_EDGE / 2
    return (
        '<mujoco model="cube"><worldbody><body name="cube"><freejoint/>'
        f'<geom type="box" size="{half} {half} {half}" mass="0.05" friction="1 0.005 0.0001" rgba="0.85 0.25 0.2 1"/>'
        "</body></worldbody></mujoco>"
    )


def franka() -> ArticulationCfg:
    """Return the arm over the workspace, the hand pointing down and open.

    Its controller cancels the weight of the arm, as that of the real one does: targets that follow the measured joint
    positions would otherwise sink with it.
    """
    return ArticulationCfg(
        mjcf=franka_mjcf,
        joint_pos={
            "joint[135]": 0.0,
            "joint2": 0.41,
            "joint4": -1.85,
            "joint6": 2.26,
            "joint7": 0.79,
            "finger_joint[12]": 0.04,
        },
        actuators={
            "arm": ImplicitPdCfg(joints=ARM, stiffness=2000.0, damping=200.0, effort_limit=87.0, action_scale=0.5),
            "hand": ImplicitPdCfg(joints=FINGERS, stiffness=1e4, damping=200.0, effort_limit=100.0, action_scale=0.04),
        },
        gravity_compensation=1.0,
    )


def cube() -> RigidObjectCfg:
    """Return the cube in the middle of the workspace."""
    return RigidObjectCfg(mjcf=cube_mjcf, init_pos=(0.5, 0.0, REST_HEIGHT))
