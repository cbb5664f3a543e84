"""Unitree G1 that follows a motion clip on flat ground."""

from __future__ import annotations

from genelab import mdp
from genelab.config import (
    CameraCfg,
    EventTermCfg,
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
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_locomotion.robots.unitree_g1.robot import unitree_g1
from genelab_tasks_locomotion.tracking import observations, rewards, terminations, terms
from genelab_tasks_locomotion.tracking.evaluation import by_start
from genelab_tasks_locomotion.tracking.motion_command import MotionCommandCfg

COMMAND = "motion"
CLIP = "squat_and_reach"
ANCHOR = "torso_link"
BODIES = (
    "pelvis",
    *(f"{side}_{link}" for side in ("left", "right") for link in ("hip_roll_link", "knee_link", "ankle_roll_link")),
    ANCHOR,
    *(
        f"{side}_{link}"
        for side in ("left", "right")
        for link in ("shoulder_roll_link", "elbow_link", "wrist_yaw_link")
    ),
)
END_EFFECTORS = tuple(f"{side}_{link}" for link in ("ankle_roll_link", "wrist_yaw_link") for side in ("left", "right"))
PUSH = {
    "x": (-0.5, 0.5),
    "y": (-0.5, 0.5),
    "z": (-0.4, 0.4),
    "roll": (-0.52, 0.52),
    "pitch": (-0.52, 0.52),
    "yaw": (-0.78, 0.78),
}
START_POSE = {
    "x": (-0.05, 0.05),
    "y": (-0.05, 0.05),
    "z": (-0.01, 0.01),
    "roll": (-0.1, 0.1),
    "pitch": (-0.1, 0.1),
    "yaw": (-0.2, 0.2),
}
START_VELOCITY = {**PUSH, "z": (-0.2, 0.2)}


def g1_tracking() -> TaskCfg:
    """Follow a clip, knowing where the robot is in the world and how fast."""
    return TaskCfg(env=_env(), for_evaluation=by_start)


def g1_tracking_without_state_estimation() -> TaskCfg:
    """The same for a policy that knows only what joints and an inertial measurement unit measure."""
    env = _env()
    for name in ("anchor_pos", "base_lin_vel"):
        del env.observations["policy"].terms[name]
    return TaskCfg(env=env, for_evaluation=by_start)


def _env() -> ManagerBasedRlEnvCfg:
    return ManagerBasedRlEnvCfg(
        simulation=SimulationCfg(dt=0.01, num_envs=4096, solver=RigidSolverCfg(max_collision_pairs=12)),
        decimation=2,
        episode_length_s=10.0,
        random_initial_episode_length=True,
        scene=SceneCfg(
            entities={"robot": unitree_g1()},
            camera=CameraCfg(position=(2.2, -2.2, 0.5), lookat=(0.0, 0.0, -0.1), follow="robot"),
        ),
        actions={"joints": mdp.JointPositionActionCfg(around=COMMAND)},
        commands={
            COMMAND: MotionCommandCfg(
                clip=CLIP,
                anchor=ANCHOR,
                bodies=BODIES,
                pose=START_POSE,
                velocity=START_VELOCITY,
                joint_position=(-0.1, 0.1),
            )
        },
        observations=_observations(),
        rewards=_rewards(),
        terminations=_terminations(),
        events={
            "push": EventTermCfg(func=mdp.push_root, mode="interval", interval_s=(1.0, 3.0), params={"velocity": PUSH})
        },
        metrics={
            name: MetricTermCfg(func=func, params={"command": COMMAND})
            for name, func in {
                "joint_error": terms.joint_error,
                "body_error": terms.body_error,
                "anchor_error": terms.anchor_error,
                "anchor_angle_error": terms.anchor_angle_error,
            }.items()
        },
    )


def _observations() -> dict[str, ObservationGroupCfg]:
    """Return `policy` and `critic`, which sees the links as well; both without noise."""
    observe, command = mdp.observations, {"command": COMMAND}
    anchor = {**command, "anchor": SceneEntityCfg(name="robot", links=(ANCHOR,))}
    policy = {
        "reference": ObservationTermCfg(func=observations.reference_joints, params=command),
        "anchor_pos": ObservationTermCfg(func=observations.anchor_position, params=anchor),
        "anchor_ori": ObservationTermCfg(func=observations.anchor_orientation, params=anchor),
        "base_lin_vel": ObservationTermCfg(func=observe.base_lin_vel),
        "base_ang_vel": ObservationTermCfg(func=observe.base_ang_vel),
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel),
        "last_action": ObservationTermCfg(func=observe.last_action),
    }
    links = {
        "body_pos": ObservationTermCfg(func=observations.body_positions, params=command),
        "body_ori": ObservationTermCfg(func=observations.body_orientations, params=command),
    }
    critic = {name: policy[name] for name in ("reference", "anchor_pos", "anchor_ori")}
    return {
        "policy": ObservationGroupCfg(terms=policy),
        "critic": ObservationGroupCfg(terms={**critic, **links, **policy}),
    }


def _rewards() -> dict[str, RewardTermCfg]:
    table = {
        "anchor_position": (rewards.anchor_position, 0.3, 0.5),
        "anchor_orientation": (rewards.anchor_orientation, 0.4, 0.5),
        "body_position": (rewards.body_position, 0.3, 1.0),
        "body_orientation": (rewards.body_orientation, 0.4, 1.0),
        "body_lin_vel": (rewards.body_lin_vel, 1.0, 1.0),
        "body_ang_vel": (rewards.body_ang_vel, 3.14, 1.0),
    }
    return {
        **{
            name: RewardTermCfg(func=func, params={"command": COMMAND, "std": std}, weight=weight)
            for name, (func, std, weight) in table.items()
        },
        "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.1),
        "joint_pos_limits": RewardTermCfg(func=mdp.rewards.joint_pos_limits, weight=-10.0),
    }


def _terminations() -> dict[str, TerminationTermCfg]:
    effectors = SceneEntityCfg(name="robot", links=END_EFFECTORS)
    return {
        "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
        "anchor_height": TerminationTermCfg(
            func=terminations.anchor_height, params={"command": COMMAND, "limit": 0.25}
        ),
        "anchor_tilt": TerminationTermCfg(func=terminations.anchor_tilt, params={"command": COMMAND, "limit": 0.8}),
        "end_effectors": TerminationTermCfg(
            func=terminations.link_height, params={"command": COMMAND, "limit": 0.25, "asset": effectors}
        ),
    }
