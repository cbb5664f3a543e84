"""Reward terms of motion tracking: exp(−error²/std²), `(num_envs,)` each, 1 for a robot that does what it is shown.

Errors are means over the tracked links of squared distances. Poses of links are compared with the reference moved to
the robot, so that a robot that has drifted is asked to go on well, not to jump back; the anchor alone is compared in
the world. (Weights and widths: Liao et al. 2025, BeyondMimic.)
"""

from __future__ import annotations

from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import angle_between
from genelab_tasks_locomotion.tracking.observations import motion


def anchor_position(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of the anchor's place in the world; `std` in m."""
    term = motion(env, command)
    error = (term.anchor_pos - term.robot_anchor[0]).square().sum(dim=1)
    return torch.exp(-error / std**2)


def anchor_orientation(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of its orientation in the world; `std` in rad."""
    term = motion(env, command)
    error = angle_between(term.anchor_quat, term.robot_anchor[1]).square()
    return torch.exp(-error / std**2)


def body_position(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of the links' places relative to the anchor; `std` in m."""
    term = motion(env, command)
    error = (term.relative.pos - term.robot.link_pos[:, term.links]).square().sum(dim=2).mean(dim=1)
    return torch.exp(-error / std**2)


def body_orientation(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of their orientations relative to the anchor; `std` in rad."""
    term = motion(env, command)
    angles = angle_between(term.relative.quat, term.robot.link_quat[:, term.links])
    return torch.exp(-angles.square().mean(dim=1) / std**2)


def body_lin_vel(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of their velocities in the world; `std` in m/s."""
    term = motion(env, command)
    error = term.tracked(term.now.body_lin_vel) - term.robot.link_lin_vel[:, term.links]
    return torch.exp(-error.square().sum(dim=2).mean(dim=1) / std**2)


def body_ang_vel(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """Of their angular velocities in the world; `std` in rad/s."""
    term = motion(env, command)
    error = term.tracked(term.now.body_ang_vel) - term.robot.link_ang_vel[:, term.links]
    return torch.exp(-error.square().sum(dim=2).mean(dim=1) / std**2)
