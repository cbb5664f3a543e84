"""Bring the flange of a UR5e to a place in front of it. Ceiling of the return: 4 s × 1 = 4."""

from __future__ import annotations

from genelab import mdp
from genelab.actuators import ImplicitPdCfg
from genelab.config import (
    ArticulationCfg,
    CameraCfg,
    EventTermCfg,
    GroundCfg,
    ManagerBasedRlEnvCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneCfg,
    SceneEntityCfg,
    SimulationCfg,
    TaskCfg,
    TerminationTermCfg,
    UniformNoise,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_manipulation import reaching
from genelab_tasks_manipulation.assets import genesis_asset

FLANGE = "ee_virtual_link"
GOAL = {"command": "goal", "asset": SceneEntityCfg(name="robot", links=(FLANGE,))}
REACH = 0.85
"""Radius of the workspace, m (Universal Robots, UR5e data sheet)."""
THRESHOLD = 0.03
"""Distance from the goal that counts as reached, m."""


def ur5e_mjcf() -> str:
    """Return the path of the UR5e that ships in genesis-world (MuJoCo Menagerie)."""
    return genesis_asset("xml/universal_robots_ur5e/ur5e.xml")


def ur5e() -> ArticulationCfg:
    """Return the arm with the elbow up and the flange pointing down; its controller cancels its weight."""
    wrist = ("wrist_[123]",)
    return ArticulationCfg(
        mjcf=ur5e_mjcf,
        joint_pos={
            "shoulder_pan": -1.5708,
            "shoulder_lift": -1.5708,
            "elbow": 1.5708,
            "wrist_[12]": -1.5708,
            "wrist_3": 0.0,
        },
        actuators={
            "arm": ImplicitPdCfg(joints=("shoulder_.*", "elbow"), stiffness=2000.0, damping=200.0, effort_limit=150.0),
            "wrist": ImplicitPdCfg(joints=wrist, stiffness=500.0, damping=50.0, effort_limit=28.0),
        },
        gravity_compensation=1.0,
    )


def policy_terms() -> dict[str, ObservationTermCfg]:
    """Return the 24 numbers that the policy sees."""
    observe, frames = mdp.observations, mdp.frames
    return {
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel, noise=UniformNoise(low=-0.005, high=0.005)),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel, scale=0.1, noise=UniformNoise(low=-0.05, high=0.05)),
        "flange_position": ObservationTermCfg(func=frames.link_position, params={"asset": GOAL["asset"]}),
        "goal": ObservationTermCfg(func=observe.command, params={"name": "goal"}),
        "flange_to_goal": ObservationTermCfg(func=frames.link_to_goal, params=GOAL),
        "last_action": ObservationTermCfg(func=observe.last_action),
    }


def reach_env() -> ManagerBasedRlEnvCfg:
    """Return the training environment: 20 Hz control over five ticks, no contacts."""
    return ManagerBasedRlEnvCfg(
        simulation=SimulationCfg(dt=0.01, num_envs=512, solver=RigidSolverCfg(collision=False)),
        decimation=5,
        episode_length_s=4.0,
        scene=SceneCfg(
            entities={"robot": ur5e()},
            ground=GroundCfg(collision=False),
            camera=CameraCfg(position=(1.9, -1.3, 1.1), lookat=(0.25, 0.0, 0.3), fov=38.0),
        ),
        actions={
            "flange": mdp.DifferentialIkActionCfg(link=FLANGE, joints=("shoulder_.*", "elbow", "wrist_.*"), scale=0.1)
        },
        commands={
            "goal": mdp.GoalPositionCommandCfg(
                resampling_s=(1e9, 1e9), low=(0.3, -0.3, 0.15), high=(0.6, 0.3, 0.5), reach=REACH
            )
        },
        observations={
            "policy": ObservationGroupCfg(terms=policy_terms(), corrupt=True),
            "critic": ObservationGroupCfg(terms=policy_terms()),
        },
        rewards={
            "near_goal": RewardTermCfg(func=reaching.goal_closeness, params={**GOAL, "scale": 0.2}, weight=0.5),
            "at_goal": RewardTermCfg(func=reaching.goal_closeness, params={**GOAL, "scale": 0.03}, weight=0.5),
            "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.005),
        },
        metrics={"reached": MetricTermCfg(func=reaching.goal_reached, params={**GOAL, "threshold": THRESHOLD})},
        terminations={"time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True)},
        events={
            "reset_joints": EventTermCfg(
                func=mdp.reset_joints_by_offset, mode="reset", params={"position": (-0.1, 0.1)}
            )
        },
    )


def reach() -> TaskCfg:
    """Bring the flange of a UR5e to a place."""
    return TaskCfg(env=reach_env())
