"""What is measured of velocity tracking, `(num_envs,)` each."""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.observations import base_ang_vel, base_lin_vel
from genelab.utils.lazy import torch


def lin_vel_error(env: TermEnv, command: str, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """‖c_xy − v_xy‖ in the base's frame, m/s."""
    return (env.command_manager.get(command)[:, :2] - base_lin_vel(env, asset)[:, :2]).norm(dim=1)


def yaw_rate_error(env: TermEnv, command: str, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """|c_z − ω_z| in the base's frame, rad/s."""
    return (env.command_manager.get(command)[:, 2] - base_ang_vel(env, asset)[:, 2]).abs()
