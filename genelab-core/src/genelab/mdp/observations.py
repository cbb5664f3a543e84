"""Observation terms: `(num_envs, dim)` each."""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate_inverse


def joint_pos_rel(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Joint positions minus their defaults, rad or m."""
    robot = asset.robot
    return (robot.joint_pos - robot.default_joint_pos)[:, asset.joints]


def joint_vel(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Joint velocities, rad/s or m/s."""
    return asset.robot.joint_vel[:, asset.joints]


def base_lin_vel(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Linear velocity of the base in its own frame, m/s."""
    return asset.entity.base_lin_vel


def base_ang_vel(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Angular velocity of the base in its own frame, rad/s."""
    return asset.entity.base_ang_vel


def projected_gravity(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Direction of gravity in the base frame; (0, 0, −1) when upright."""
    return asset.entity.projected_gravity


def link_ang_vel(env: TermEnv, asset: SceneEntity) -> torch.Tensor:
    """Angular velocities of the chosen links, each in its own frame, rad/s, link after link."""
    robot = asset.robot
    own = rotate_inverse(robot.link_quat[:, asset.links], robot.link_ang_vel[:, asset.links])
    return own.flatten(1)


def last_action(env: TermEnv) -> torch.Tensor:
    """The policy's last action, unperturbed."""
    return env.action_manager.action


def command(env: TermEnv, name: str) -> torch.Tensor:
    """The present value of a command."""
    return env.command_manager.get(name)
