"""Reward terms about following a velocity command: `(num_envs,)` each.

c is the command (vx, vy, wz), v and ω the base's velocities in its own frame. The kernels exp(−error²/std²) are those
of legged_gym (Rudin et al. 2022), without `off_axis`, and mjlab, where motion along the axes that are not commanded
counts as an error too.
"""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.observations import base_ang_vel, base_lin_vel
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate_inverse


def active(env: TermEnv, command: str, threshold: float, axes: tuple[int, ...] = (0, 1, 2)) -> torch.Tensor:
    """Return one where the command asks to move: ‖c_xy‖ + |c_z| > threshold, counting only `axes`; else zero."""
    asked = env.command_manager.get(command)
    linear = asked[:, [axis for axis in axes if axis < 2]].norm(dim=1)
    turning = asked[:, 2].abs() if 2 in axes else 0.0
    return (linear + turning > threshold).float()


def track_lin_vel(
    env: TermEnv, command: str, std: float, off_axis: bool = True, asset: SceneEntity = ROBOT
) -> torch.Tensor:
    """exp(−(‖c_xy − v_xy‖² + v_z²)/std²); without `off_axis` the v_z² is left out."""
    velocity = base_lin_vel(env, asset)
    error = (env.command_manager.get(command)[:, :2] - velocity[:, :2]).square().sum(dim=1)
    if off_axis:
        error = error + velocity[:, 2].square()
    return torch.exp(-error / std**2)


def track_ang_vel(
    env: TermEnv, command: str, std: float, off_axis: bool = True, asset: SceneEntity = ROBOT
) -> torch.Tensor:
    """exp(−((c_z − ω_z)² + ‖ω_xy‖²)/std²); without `off_axis` the ‖ω_xy‖² is left out."""
    velocity = base_ang_vel(env, asset)
    error = (env.command_manager.get(command)[:, 2] - velocity[:, 2]).square()
    if off_axis:
        error = error + velocity[:, :2].square().sum(dim=1)
    return torch.exp(-error / std**2)


def velocity_error_l1(
    env: TermEnv, command: str, axes: tuple[int, ...] = (0, 1, 2), asset: SceneEntity = ROBOT
) -> torch.Tensor:
    """Σ over `axes` of |c − v|, where axis 2 is the turning rate."""
    velocity = torch.cat((base_lin_vel(env, asset)[:, :2], base_ang_vel(env, asset)[:, 2:]), dim=1)
    return (env.command_manager.get(command) - velocity)[:, list(axes)].abs().sum(dim=1)


def lin_vel_z_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """v_z²."""
    return base_lin_vel(env, asset)[:, 2].square()


def ang_vel_xy_l2(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """‖ω_xy‖² of the base."""
    return base_ang_vel(env, asset)[:, :2].square().sum(dim=1)


def link_ang_vel_xy_l2(env: TermEnv, asset: SceneEntity) -> torch.Tensor:
    """Σ over the chosen links of ‖ω_xy‖² in the world frame."""
    return asset.robot.link_ang_vel[:, asset.links, :2].square().sum(dim=(1, 2))


def upright(env: TermEnv, std: float, asset: SceneEntity) -> torch.Tensor:
    """Mean over the chosen links of exp(−‖g_xy‖²/std²), where g is the direction of gravity in the link's frame."""
    quat = asset.robot.link_quat[:, asset.links]
    down = torch.tensor([0.0, 0.0, -1.0], device=quat.device).expand(*quat.shape[:-1], 3)
    tilt = rotate_inverse(quat, down)[..., :2].square().sum(dim=-1)
    return torch.exp(-tilt / std**2).mean(dim=1)


def base_height_l2(env: TermEnv, target: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """(height of the base above the ground below it − target)², m²."""
    pos = asset.entity.root_pos
    return (pos[:, 2] - env.scene.ground.height_at(pos) - target).square()
