"""Event terms: `func(env, mask, **params)` changes the envs in `mask`, bool `(num_envs,)`."""

from __future__ import annotations

from genelab.config.base import Range
from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import from_euler, multiply, rotate_inverse

AXES = ("x", "y", "z", "roll", "pitch", "yaw")


def reset_joints_by_offset(
    env: TermEnv, mask: torch.Tensor, position: Range, velocity: Range = (0.0, 0.0), asset: SceneEntity = ROBOT
) -> None:
    """Set joints to default + U(position), within their limits, and velocities to U(velocity).

    Joints outside `asset` go to their defaults at rest.
    """
    robot = asset.robot
    pos, vel = robot.default_joint_pos.clone(), torch.zeros_like(robot.default_joint_pos)
    count = pos[:, asset.joints].shape[1]
    name = f"reset_joints/{asset.name}"
    pos[:, asset.joints] += env.random.uniform(f"{name}/position", count, mask, low=position[0], high=position[1])
    vel[:, asset.joints] = env.random.uniform(f"{name}/velocity", count, mask, low=velocity[0], high=velocity[1])
    robot.write_joints(pos.clamp(*robot.joint_limits.unbind(1)), vel, mask)


def reset_root_uniform(
    env: TermEnv,
    mask: torch.Tensor,
    pose: dict[str, Range] | None = None,
    velocity: dict[str, Range] | None = None,
    asset: SceneEntity = ROBOT,
) -> None:
    """Place a free base at its initial pose + U of each listed axis, with velocity U of each listed axis.

    Axes are x, y, z (m, m/s) and roll, pitch, yaw (rad, rad/s); the rotation is applied in the body frame. On a terrain
    the initial pose counts from the centre of the env's cell and from the highest ground about the place.
    """
    entity = asset.entity
    offset = draw_axes(env, f"reset_root/{asset.name}/pose", pose, mask)
    twist = draw_axes(env, f"reset_root/{asset.name}/velocity", velocity, mask)
    pos = env.scene.seated(entity.default_root[:, :3] + offset[:, :3])
    quat = multiply(entity.default_root[:, 3:], from_euler(*offset[:, 3:].unbind(1)))
    entity.write_root(pos, quat, mask, velocity=twist)


def push_root(
    env: TermEnv, mask: torch.Tensor, velocity: dict[str, Range], asset: SceneEntity = ROBOT
) -> dict[str, torch.Tensor]:
    """Add U of each listed axis to the base's velocity in the world frame (m/s, rad/s); report the last push."""
    robot = asset.robot
    push = draw_axes(env, f"push/{asset.name}", velocity, mask)
    linear = robot.root_lin_vel + push[:, :3]
    angular = rotate_inverse(robot.root_quat, robot.root_ang_vel + push[:, 3:])
    robot.write_root_velocity(torch.cat((linear, angular), dim=1), mask)
    return {axis: push[:, AXES.index(axis)] for axis in velocity}


def push_joints(
    env: TermEnv, mask: torch.Tensor, velocity: Range, asset: SceneEntity = ROBOT
) -> dict[str, torch.Tensor]:
    """Add U(velocity) to the velocities of the chosen joints, rad/s or m/s; report the last push's mean magnitude."""
    robot = asset.robot
    pushed = robot.joint_vel.clone()
    count = pushed[:, asset.joints].shape[1]
    push = env.random.uniform(f"push_joints/{asset.name}", count, mask, low=velocity[0], high=velocity[1])
    pushed[:, asset.joints] += push
    robot.write_joint_velocities(pushed, mask)
    return {"": push.abs().mean(dim=1)}


def draw_axes(env: TermEnv, name: str, ranges: dict[str, Range] | None, mask: torch.Tensor) -> torch.Tensor:
    """Draw the six axes, zero where nothing is listed, `(num_envs, 6)`."""
    table = [(ranges or {}).get(axis, (0.0, 0.0)) for axis in AXES]
    low, high = torch.tensor(table, device=env.device).unbind(1)
    return env.random.uniform(name, len(AXES), mask, low=low, high=high)
