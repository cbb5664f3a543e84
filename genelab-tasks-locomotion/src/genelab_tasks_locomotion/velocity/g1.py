"""Unitree G1 on flat and on rough ground."""

from __future__ import annotations

import math

from genelab import mdp
from genelab.config import (
    CurriculumTermCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneEntityCfg,
    TaskCfg,
)
from genelab.mdp import curricula, feet_rewards, joint_rewards, sensing, velocity_rewards
from genelab.mdp.velocity_command import VelocityBinCfg, VelocityCommandCfg
from genelab.sensors.momentum import AngularMomentumCfg
from genelab.sensors.self_contact import SelfContactSensorCfg
from genelab_tasks_locomotion.robots.unitree_g1.robot import UNITREE_G1, unitree_g1
from genelab_tasks_locomotion.velocity.env import COMMAND, FEET_CONTACT, FEET_HEIGHT, velocity_env
from genelab_tasks_locomotion.velocity.evaluation import add_bin, by_direction, by_direction_and_ground
from genelab_tasks_locomotion.velocity.rough import make_rough, rough_cells

TORSO = "torso_link"
MOMENTUM, SELF_CONTACT = "angular_momentum", "self_contact"

WALKING_STD = {
    ".*_hip_pitch_joint": 0.3,
    ".*_hip_roll_joint": 0.15,
    ".*_hip_yaw_joint": 0.15,
    ".*_knee_joint": 0.35,
    ".*_ankle_pitch_joint": 0.25,
    ".*_ankle_roll_joint": 0.1,
    "waist_yaw_joint": 0.2,
    "waist_roll_joint": 0.08,
    "waist_pitch_joint": 0.1,
    ".*_shoulder_pitch_joint": 0.15,
    ".*_shoulder_roll_joint": 0.15,
    ".*_shoulder_yaw_joint": 0.1,
    ".*_elbow_joint": 0.15,
    ".*_wrist_.*_joint": 0.3,
}
"""How far joints may be from their default, rad, while the robot walks."""

RUNNING_STD = {
    **WALKING_STD,
    ".*_hip_pitch_joint": 0.5,
    ".*_hip_roll_joint": 0.2,
    ".*_hip_yaw_joint": 0.2,
    ".*_knee_joint": 0.6,
    ".*_ankle_pitch_joint": 0.35,
    ".*_ankle_roll_joint": 0.15,
    "waist_yaw_joint": 0.3,
    "waist_pitch_joint": 0.2,
    ".*_shoulder_pitch_joint": 0.5,
    ".*_shoulder_roll_joint": 0.2,
    ".*_shoulder_yaw_joint": 0.15,
    ".*_elbow_joint": 0.35,
}

RUN_THRESHOLD = 1.5
"""m/s."""

STEPS_PER_ITERATION = 24
COMMAND_STAGES = (
    {"step": 0, "lin_vel_x": (-1.0, 1.0), "ang_vel_z": (-0.5, 0.5)},
    {"step": 5000 * STEPS_PER_ITERATION, "lin_vel_x": (-1.5, 2.0), "ang_vel_z": (-0.7, 0.7)},
    {"step": 10000 * STEPS_PER_ITERATION, "lin_vel_x": (-2.0, 3.0)},
)


def g1_flat() -> TaskCfg:
    """Walk and, as the commands get faster, run."""
    return TaskCfg(env=_flat(), for_evaluation=by_direction_and_running)


def g1_rough() -> TaskCfg:
    """The same over stairs, boxes, rough ground and slopes that get higher as the robot gets better."""
    env = _flat()
    cells = rough_cells(stairs=(0.05, 0.23), boxes=(0.05, 0.2), rough=(0.02, 0.1), slope=(0.0, 0.4))
    make_rough(env, cells, scan_link=TORSO)
    env.rewards["foot_clearance"].weight = -0.5
    env.rewards["foot_swing_height"].weight = -0.25
    return TaskCfg(env=env, for_evaluation=by_direction_and_ground)


def by_direction_and_running(env: ManagerBasedRlEnvCfg) -> None:
    """Sort evaluation episodes by direction at the speeds that training begins with, and by running, where it ends."""
    by_direction(env)
    add_bin(env, "run", VelocityBinCfg(lin_vel_x=(RUN_THRESHOLD, COMMAND_STAGES[-1]["lin_vel_x"][1])))


def _flat() -> ManagerBasedRlEnvCfg:
    command = VelocityCommandCfg(ang_vel_z=(-0.5, 0.5), resampling_s=(3.0, 8.0), standing_share=0.1, forward_share=0.2)
    env = velocity_env(UNITREE_G1, command, articulation=unitree_g1(), collision_pairs=30)
    env.simulation.solver.self_collision = True
    env.scene.sensors[SELF_CONTACT] = SelfContactSensorCfg(threshold=10.0, history=4)
    env.scene.sensors[MOMENTUM] = AngularMomentumCfg()
    env.scene.camera.position, env.scene.camera.lookat = (2.4, -2.4, 0.6), (0.0, 0.0, 0.0)
    _observe_feet(env)
    env.rewards = _rewards()
    env.events.update(_events())
    env.curriculum["commands_vel"] = CurriculumTermCfg(
        func=curricula.command_ranges, params={"command": COMMAND, "stages": COMMAND_STAGES}
    )
    return env


def _observe_feet(env: ManagerBasedRlEnvCfg) -> None:
    """Let the critic see what the feet do."""
    env.observations["critic"].terms.update(
        foot_height=ObservationTermCfg(func=sensing.ground_distance, params={"sensor": FEET_HEIGHT}),
        foot_air_time=ObservationTermCfg(func=sensing.air_time, params={"sensor": FEET_CONTACT}),
        foot_contact=ObservationTermCfg(func=sensing.in_contact, params={"sensor": FEET_CONTACT}),
        foot_contact_forces=ObservationTermCfg(func=sensing.contact_forces_log, params={"sensor": FEET_CONTACT}),
    )


def _rewards() -> dict[str, RewardTermCfg]:
    torso = SceneEntityCfg(name="robot", links=(TORSO,))
    feet = {"contacts": FEET_CONTACT, "command": COMMAND}
    posture = {
        "command": COMMAND,
        "standing": {".*": 0.05},
        "walking": WALKING_STD,
        "running": RUNNING_STD,
        "walk_threshold": 0.05,
        "run_threshold": RUN_THRESHOLD,
    }
    return {
        "track_lin_vel": RewardTermCfg(
            func=velocity_rewards.track_lin_vel, params={"command": COMMAND, "std": math.sqrt(0.25)}, weight=2.0
        ),
        "track_ang_vel": RewardTermCfg(
            func=velocity_rewards.track_ang_vel, params={"command": COMMAND, "std": math.sqrt(0.5)}, weight=2.0
        ),
        "upright": RewardTermCfg(
            func=velocity_rewards.upright, params={"std": math.sqrt(0.2), "asset": torso}, weight=1.0
        ),
        "pose": RewardTermCfg(func=joint_rewards.VariablePosture, params=posture, weight=1.0),
        "body_ang_vel": RewardTermCfg(func=velocity_rewards.link_ang_vel_xy_l2, params={"asset": torso}, weight=-0.05),
        "angular_momentum": RewardTermCfg(
            func=feet_rewards.angular_momentum_l2, params={"sensor": MOMENTUM}, weight=-0.02
        ),
        "joint_pos_limits": RewardTermCfg(func=mdp.rewards.joint_pos_limits, weight=-1.0),
        "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.1),
        "air_time": RewardTermCfg(
            func=feet_rewards.feet_air_time,
            params={**feet, "shortest": 0.05, "longest": 0.5, "threshold": 0.5},
            weight=1.0,
        ),
        "foot_clearance": RewardTermCfg(
            func=feet_rewards.feet_clearance,
            params={"heights": FEET_HEIGHT, "command": COMMAND, "target": 0.1},
            weight=-2.0,
        ),
        "foot_swing_height": RewardTermCfg(
            func=feet_rewards.FeetSwingHeight, params={**feet, "heights": FEET_HEIGHT, "target": 0.1}, weight=-1.0
        ),
        "foot_slip": RewardTermCfg(func=feet_rewards.feet_slip, params={**feet, "heights": FEET_HEIGHT}, weight=-0.1),
        "soft_landing": RewardTermCfg(func=feet_rewards.soft_landing, params=feet, weight=-1e-5),
        "self_collisions": RewardTermCfg(
            func=feet_rewards.self_collision, params={"sensor": SELF_CONTACT}, weight=-1.0
        ),
    }


def _events() -> dict[str, EventTermCfg]:
    feet = SceneEntityCfg(name="robot", links=tuple(UNITREE_G1.feet))
    torso = SceneEntityCfg(name="robot", links=(TORSO,))
    push = {"x": (-0.5, 0.5), "y": (-0.5, 0.5), "z": (-0.4, 0.4)}
    turn = {"roll": (-0.52, 0.52), "pitch": (-0.52, 0.52), "yaw": (-0.78, 0.78)}
    fall = {"x": (-0.5, 0.5), "y": (-0.5, 0.5), "z": (0.01, 0.05), "yaw": (-math.pi, math.pi)}
    return {
        "reset_base": EventTermCfg(func=mdp.reset_root_uniform, mode="reset", params={"pose": fall}),
        "push": EventTermCfg(
            func=mdp.push_root, mode="interval", interval_s=(1.0, 3.0), params={"velocity": {**push, **turn}}
        ),
        "foot_friction": EventTermCfg(
            func=mdp.randomize_friction, mode="startup", params={"friction": (0.3, 1.2), "asset": feet}
        ),
        "torso_com": EventTermCfg(
            func=mdp.randomize_com,
            mode="startup",
            params={"x": (-0.025, 0.025), "y": (-0.025, 0.025), "z": (-0.03, 0.03), "asset": torso},
        ),
        "encoder_bias": EventTermCfg(func=mdp.randomize_encoder_bias, mode="startup", params={"bias": (-0.015, 0.015)}),
    }
