"""Observation terms of motion tracking: `(num_envs, dim)` each."""

from __future__ import annotations

from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import conjugate, multiply, rotate_inverse, two_columns
from genelab_tasks_locomotion.tracking.motion_command import MotionCommand


def motion(env: TermEnv, command: str) -> MotionCommand:
    """Return the command term of this name."""
    return env.command_manager.terms[command]


def reference_joints(env: TermEnv, command: str) -> torch.Tensor:
    """Positions (rad), then velocities (rad/s), of the reference's joints in the frame to reach."""
    now = motion(env, command).now
    return torch.cat((now.joint_pos, now.joint_vel), dim=1)


def anchor_position(env: TermEnv, command: str, anchor: SceneEntity) -> torch.Tensor:
    """Where the reference's anchor is, seen from the robot's link `anchor`, m."""
    pos, quat = (values[:, anchor.links][:, 0] for values in (anchor.robot.link_pos, anchor.robot.link_quat))
    return rotate_inverse(quat, motion(env, command).anchor_pos - pos)


def anchor_orientation(env: TermEnv, command: str, anchor: SceneEntity) -> torch.Tensor:
    """How the reference's anchor is turned, seen from the robot's link `anchor`.

    The first two columns of the matrix, row by row.
    """
    quat = anchor.robot.link_quat[:, anchor.links][:, 0]
    return two_columns(multiply(conjugate(quat), motion(env, command).anchor_quat))


def body_positions(env: TermEnv, command: str) -> torch.Tensor:
    """Where the robot's tracked links are, seen from its anchor, m, link after link."""
    term = motion(env, command)
    pos, quat = term.robot_anchor
    links = term.robot.link_pos[:, term.links]
    return rotate_inverse(quat[:, None].expand(-1, links.shape[1], -1), links - pos[:, None]).flatten(1)


def body_orientations(env: TermEnv, command: str) -> torch.Tensor:
    """How they are turned, seen from its anchor: first two columns of each matrix, row by row, link after link."""
    term = motion(env, command)
    links = term.robot.link_quat[:, term.links]
    inverse = conjugate(term.robot_anchor[1])[:, None].expand_as(links)
    return two_columns(multiply(inverse, links)).flatten(1)
