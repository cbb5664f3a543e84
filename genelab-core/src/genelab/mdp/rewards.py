"""Reward terms: `(num_envs,)` each. Penalties are positive here; the weight's sign makes them so."""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.observations import projected_gravity
from genelab.utils.lazy import torch


def alive(env: TermEnv) -> torch.Tensor:
    """One in every step, so the episode is worth surviving."""
    return torch.ones(env.num_envs, device=env.device)


def action_rate_l2(env: TermEnv) -> torch.Tensor:
    """Σ (aₜ − aₜ₋₁)²."""
    manager = env.action_manager
    return (manager.action - manager.previous_action).square().sum(dim=1)


def joint_pos_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ q² of the chosen joints, rad² or m²."""
    return asset.robot.joint_pos[:, asset.joints].square().sum(dim=1)


def joint_vel_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ q̇² of the chosen joints."""
    return asset.robot.joint_vel[:, asset.joints].square().sum(dim=1)


def joint_effort_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ τ² of the chosen joints."""
    return asset.robot.applied_effort[:, asset.joints].square().sum(dim=1)


def joint_pos_limits(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ of how far the chosen joints are beyond their limits, rad or m."""
    robot = asset.robot
    low, high = robot.joint_limits[asset.joints].unbind(1)
    pos = robot.joint_pos[:, asset.joints]
    return ((low - pos).clamp(min=0.0) + (pos - high).clamp(min=0.0)).sum(dim=1)


def flat_orientation_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ of the squared horizontal components of gravity in the base frame; 0 when upright."""
    return projected_gravity(env, asset)[:, :2].square().sum(dim=1)


def command_error_l2(env: TermEnv, name: str, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ (q − command)² of the chosen joints."""
    return (asset.robot.joint_pos[:, asset.joints] - env.command_manager.get(name)).square().sum(dim=1)


def terminated(env: TermEnv) -> torch.Tensor:
    """One in the step that ends the episode for good."""
    return env.termination_manager.terminated.float()
