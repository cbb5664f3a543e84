"""Unitree Go2-W: first on locked wheels, then rolling."""

from __future__ import annotations

from genelab import mdp
from genelab.actuators import ImplicitVelocityCfg
from genelab.config import ArticulationCfg, EventTermCfg, ManagerBasedRlEnvCfg, RewardTermCfg, SceneEntityCfg, TaskCfg
from genelab.mdp import feet_rewards, velocity_rewards
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.sensors.contact import ContactSensorCfg
from genelab.sensors.height import GroundDistanceCfg
from genelab_tasks_locomotion.robots.unitree_go2w.robot import UNITREE_GO2W, unitree_go2w
from genelab_tasks_locomotion.velocity.env import COMMAND, FEET_CONTACT, FEET_HEIGHT, velocity_env
from genelab_tasks_locomotion.velocity.evaluation import by_direction
from genelab_tasks_locomotion.velocity.quadruped_rewards import quadruped_rewards

LEGS = "leg_contact"
WHEELS = tuple(UNITREE_GO2W.feet)
BASE_HEIGHT = 0.40
HISTORY = 5


def go2w_crab_stage1() -> TaskCfg:
    """Learn to step in every direction on wheels that are locked."""
    env = _env(_with_wheels(action_scale=0.0, damping=20.0, effort_limit=50.0))
    env.rewards["air_time"] = _air_time(weight=0.25, axes=(0, 1, 2))
    env.rewards["foot_slip"] = RewardTermCfg(
        func=feet_rewards.feet_slip,
        params={"contacts": FEET_CONTACT, "heights": FEET_HEIGHT, "command": COMMAND},
        weight=-0.1,
    )
    return TaskCfg(env=env, for_evaluation=by_direction)


def go2w_flat() -> TaskCfg:
    """Roll forward, step sideward. Begins with the weights of the first stage."""
    env = _env(_with_wheels(action_scale=20.0, damping=5.0, effort_limit=15.0))
    env.rewards["air_time"] = _air_time(weight=0.5, axes=(1, 2))
    for name, axis in (("sideward_error", 1), ("turning_error", 2)):
        env.rewards[name] = RewardTermCfg(
            func=velocity_rewards.velocity_error_l1, params={"command": COMMAND, "axes": (axis,)}, weight=-0.5
        )
    return TaskCfg(env=env, for_evaluation=by_direction)


def _with_wheels(*, action_scale: float, damping: float, effort_limit: float) -> ArticulationCfg:
    robot = unitree_go2w()
    robot.actuators["wheels"] = ImplicitVelocityCfg(
        joints=(".*_wheel_joint",), damping=damping, effort_limit=effort_limit, action_scale=action_scale
    )
    return robot


def _air_time(*, weight: float, axes: tuple[int, ...]) -> RewardTermCfg:
    params = {"contacts": FEET_CONTACT, "command": COMMAND, "shortest": 0.1, "longest": 0.5, "threshold": 0.1}
    return RewardTermCfg(func=feet_rewards.feet_air_time, params={**params, "axes": axes}, weight=weight)


def _env(robot: ArticulationCfg) -> ManagerBasedRlEnvCfg:
    command = VelocityCommandCfg(resampling_s=(3.0, 8.0), standing_share=0.1, forward_share=0.1, axis_share=0.25)
    env = velocity_env(UNITREE_GO2W, command, articulation=robot)
    env.scene.sensors[FEET_HEIGHT] = GroundDistanceCfg(links=WHEELS)  # the hubs: wheels turn, so no point of theirs
    env.scene.sensors[LEGS] = ContactSensorCfg(links=(".*_thigh", ".*_calf"))
    env.actions = {
        "legs": mdp.JointPositionActionCfg(joints=(".*_hip_joint", ".*_thigh_joint", ".*_calf_joint")),
        "wheels": mdp.JointVelocityActionCfg(joints=(".*_wheel_joint",)),
    }
    for group in env.observations.values():
        group.history_length = HISTORY
    env.rewards = quadruped_rewards(BASE_HEIGHT, LEGS)
    env.action_noise_std, env.action_delay = 0.05, (0, 2)
    env.events.update(_randomization())
    return env


def _randomization() -> dict[str, EventTermCfg]:
    base = SceneEntityCfg(name="robot", links=(UNITREE_GO2W.base,))
    wheels = SceneEntityCfg(name="robot", links=WHEELS)
    shift = (-0.05, 0.05)
    return {
        "wheel_friction": EventTermCfg(
            func=mdp.randomize_friction, mode="startup", params={"friction": (0.3, 1.5), "asset": wheels}
        ),
        "base_mass": EventTermCfg(
            func=mdp.randomize_mass, mode="startup", params={"added": (-1.0, 2.0), "asset": base}
        ),
        "base_com": EventTermCfg(
            func=mdp.randomize_com, mode="startup", params={"x": shift, "y": shift, "z": shift, "asset": base}
        ),
        "gains": EventTermCfg(
            func=mdp.randomize_gains, mode="startup", params={"stiffness": (0.8, 1.2), "damping": (0.8, 1.2)}
        ),
        "encoder_bias": EventTermCfg(func=mdp.randomize_encoder_bias, mode="startup", params={"bias": (-0.015, 0.015)}),
    }
