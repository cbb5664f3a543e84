"""A Shadow hand that replays recorded gestures: fist, opening, pinches, a wave of the fingers."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from genelab import mdp
from genelab.actuators import ImplicitPdCfg
from genelab.config import (
    ArticulationCfg,
    CameraCfg,
    GroundCfg,
    ManagerBasedEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    SceneCfg,
    SimulationCfg,
    TaskCfg,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_manipulation.assets import genesis_asset


def shadow_hand_mjcf() -> str:
    """Return the hand that ships in genesis-world as a URDF, read and written again by MuJoCo.

    MuJoCo reads no Collada: the shapes for collisions are also what is seen. Links without a mass in the file get one
    that a joint can move.
    """
    mujoco: Any = importlib.import_module("mujoco")  # a binary module, of whose names type checkers know nothing
    path = Path(genesis_asset("urdf/shadow_hand/shadow_hand.urdf"))
    options = f'<mujoco><compiler meshdir="{path.parent}" strippath="false" balanceinertia="true" boundmass="0.005" '
    options += 'boundinertia="1e-6" discardvisual="true" fusestatic="false"/></mujoco>'
    text = re.sub(r"(<robot[^>]*>)", rf"\1{options}", path.read_text(encoding="utf-8"), count=1)
    spec = mujoco.MjSpec.from_string(text)
    spec.compile()
    return spec.to_xml()


def gestures() -> str:
    """Return the path of the recording that ships in this package."""
    return str(Path(__file__).parent / "shadow_hand_gestures.npz")


def shadow_hand() -> ArticulationCfg:
    """Return the hand, held by its forearm, fingers up."""
    return ArticulationCfg(
        mjcf=shadow_hand_mjcf,
        init_pos=(0.0, 0.0, 0.05),
        actuators={
            "wrist": ImplicitPdCfg(
                joints=("forearm_joint", "wrist_joint"), stiffness=20.0, damping=2.0, effort_limit=10.0, armature=0.01
            ),
            "fingers": ImplicitPdCfg(
                joints=("(thumb|.*finger)_joint.*",), stiffness=4.0, damping=0.2, effort_limit=4.0, armature=0.001
            ),
        },
        gravity_compensation=1.0,
    )


def shadow_hand_playback() -> TaskCfg:
    """Replay gestures on a Shadow hand."""
    env = ManagerBasedEnvCfg(
        simulation=SimulationCfg(dt=0.01, steps=600, solver=RigidSolverCfg(collision=False)),
        decimation=2,
        scene=SceneCfg(
            entities={"robot": shadow_hand()},
            ground=GroundCfg(collision=False),
            camera=CameraCfg(position=(0.6, -0.45, 0.5), lookat=(0.0, 0.0, 0.3), fov=38.0),
        ),
        actions={"gestures": mdp.JointTrajectoryActionCfg(file=gestures)},
        observations={
            "state": ObservationGroupCfg(
                terms={"joint_pos": ObservationTermCfg(func=mdp.observations.joint_pos_rel)},
            )
        },
    )
    return TaskCfg(env=env)
