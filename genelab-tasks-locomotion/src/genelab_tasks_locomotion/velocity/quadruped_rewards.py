"""Rewards that quadruped velocity tasks share."""

from __future__ import annotations

from genelab import mdp
from genelab.config import RewardTermCfg
from genelab.mdp import feet_rewards, joint_rewards, velocity_rewards
from genelab_tasks_locomotion.velocity.env import COMMAND


def quadruped_rewards(base_height: float, undesired: str) -> dict[str, RewardTermCfg]:
    """Return what four-legged robots share; `undesired` is the sensor of the links that should not touch anything.

    Two things differ from the documented table, where robots learned to fall within the first iterations. Rolling and
    bouncing do not count as tracking errors (`off_axis`), because they hid the turning rate, and have penalties of
    their own. Acceleration weighs a fortieth: at first it cost five times what tracking could pay.
    """
    tracking = {"command": COMMAND, "std": 0.5, "off_axis": False}
    return {
        "track_lin_vel": RewardTermCfg(func=velocity_rewards.track_lin_vel, params=dict(tracking), weight=2.0),
        "track_ang_vel": RewardTermCfg(func=velocity_rewards.track_ang_vel, params=dict(tracking), weight=1.0),
        "lin_vel_z": RewardTermCfg(func=velocity_rewards.lin_vel_z_l2, weight=-2.0),
        "ang_vel_xy": RewardTermCfg(func=velocity_rewards.ang_vel_xy_l2, weight=-0.05),
        "flat_orientation": RewardTermCfg(func=mdp.rewards.flat_orientation_l2, weight=-1.0),
        "base_height": RewardTermCfg(func=velocity_rewards.base_height_l2, params={"target": base_height}, weight=-1.0),
        "joint_torques": RewardTermCfg(func=mdp.rewards.joint_effort_l2, weight=-2e-4),
        "joint_acc": RewardTermCfg(func=joint_rewards.JointAccL2, weight=-2.5e-7),
        "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.01),
        "joint_pos_limits": RewardTermCfg(func=mdp.rewards.joint_pos_limits, weight=-1.0),
        "undesired_contacts": RewardTermCfg(
            func=feet_rewards.undesired_contacts, params={"contacts": undesired}, weight=-1.0
        ),
    }
