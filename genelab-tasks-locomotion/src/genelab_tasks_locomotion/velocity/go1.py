"""Unitree Go1 on flat and on rough ground."""

from __future__ import annotations

from genelab.config import ManagerBasedRlEnvCfg, RewardTermCfg, TaskCfg
from genelab.mdp import feet_rewards
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.sensors.contact import ContactSensorCfg
from genelab_tasks_locomotion.robots.unitree_go1.robot import UNITREE_GO1, unitree_go1
from genelab_tasks_locomotion.velocity.env import COMMAND, FEET_CONTACT, FEET_HEIGHT, velocity_env
from genelab_tasks_locomotion.velocity.evaluation import by_direction, by_direction_and_ground
from genelab_tasks_locomotion.velocity.quadruped_rewards import quadruped_rewards
from genelab_tasks_locomotion.velocity.rough import make_rough, rough_cells

THIGHS = "thigh_contact"
BASE_HEIGHT = 0.34
"""m, as documented. It stands 5 cm lower, so the term rewards straight legs a little."""
SWING_HEIGHT = 0.08
"""m; not in the documented table, with which feet hardly left the ground."""


def go1_flat() -> TaskCfg:
    """Follow commands of up to 1 m/s forward and sideward and 1 rad/s turning."""
    return TaskCfg(env=_flat(), for_evaluation=by_direction)


def go1_rough() -> TaskCfg:
    """The same over stairs, boxes, rough ground and slopes that get higher as the robot gets better.

    The first level is all but flat, so that a policy learns to walk before it learns to climb.
    """
    env = _flat()
    cells = rough_cells(stairs=(0.0, 0.13), boxes=(0.0, 0.11), rough=(0.0, 0.07), slope=(0.0, 0.3))
    make_rough(env, cells, scan_link=UNITREE_GO1.base)
    return TaskCfg(env=env, for_evaluation=by_direction_and_ground)


def _flat() -> ManagerBasedRlEnvCfg:
    command = VelocityCommandCfg(resampling_s=(3.0, 8.0), standing_share=0.1, forward_share=0.1, axis_share=0.25)
    env = velocity_env(UNITREE_GO1, command, articulation=unitree_go1())
    env.scene.sensors[THIGHS] = ContactSensorCfg(links=(".*_thigh",))
    env.rewards = quadruped_rewards(BASE_HEIGHT, THIGHS)
    env.rewards["air_time"] = RewardTermCfg(
        func=feet_rewards.feet_air_time,
        params={"contacts": FEET_CONTACT, "command": COMMAND, "shortest": 0.1, "longest": 0.5, "threshold": 0.1},
        weight=0.25,
    )
    env.rewards["foot_swing_height"] = RewardTermCfg(
        func=feet_rewards.FeetSwingHeight,
        params={"contacts": FEET_CONTACT, "heights": FEET_HEIGHT, "command": COMMAND, "target": SWING_HEIGHT},
        weight=-1.0,
    )
    env.rewards["foot_slip"] = RewardTermCfg(
        func=feet_rewards.feet_slip,
        params={"contacts": FEET_CONTACT, "heights": FEET_HEIGHT, "command": COMMAND},
        weight=-0.1,
    )
    return env
