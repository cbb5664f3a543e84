"""What is measured of motion tracking in training, `(num_envs,)` each."""

from __future__ import annotations

from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import angle_between
from genelab_tasks_locomotion.tracking.observations import motion


def joint_error(env: TermEnv, command: str) -> torch.Tensor:
    """Mean over the joints of |q − reference|, rad."""
    term = motion(env, command)
    return (term.robot.joint_pos - term.now.joint_pos).abs().mean(dim=1)


def body_error(env: TermEnv, command: str) -> torch.Tensor:
    """Mean distance of the tracked links from the reference moved to the robot, m."""
    term = motion(env, command)
    return (term.relative.pos - term.robot.link_pos[:, term.links]).norm(dim=2).mean(dim=1)


def anchor_error(env: TermEnv, command: str) -> torch.Tensor:
    """Distance of the anchor from the reference's, m."""
    term = motion(env, command)
    return (term.anchor_pos - term.robot_anchor[0]).norm(dim=1)


def anchor_angle_error(env: TermEnv, command: str) -> torch.Tensor:
    """Angle between the anchor and the reference's, rad."""
    term = motion(env, command)
    return angle_between(term.anchor_quat, term.robot_anchor[1])


def clip_finished(env: TermEnv, command: str) -> torch.Tensor:
    """Publish success: the clip was followed to its end. The mean over the episode is one then, else zero."""
    ended = motion(env, command).at_end & ~env.termination_manager.terminated
    env.success = ended
    return torch.where(ended, env.episode_length_buf.float(), 0.0)
