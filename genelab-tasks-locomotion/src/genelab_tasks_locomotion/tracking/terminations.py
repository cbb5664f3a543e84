"""Termination terms of motion tracking: bool `(num_envs,)` each."""

from __future__ import annotations

from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate_inverse
from genelab_tasks_locomotion.tracking.observations import motion


def clip_end(env: TermEnv, command: str) -> torch.Tensor:
    """The clip's last frame was the goal of this step. Meant as a time-out: the clip is finished."""
    return motion(env, command).at_end


def anchor_height(env: TermEnv, command: str, limit: float) -> torch.Tensor:
    """The anchor is higher or lower than the reference's by more than `limit`, m."""
    term = motion(env, command)
    return (term.anchor_pos[:, 2] - term.robot_anchor[0][:, 2]).abs() > limit


def anchor_tilt(env: TermEnv, command: str, limit: float) -> torch.Tensor:
    """Gravity along the anchor's z axis differs from that along the reference's by more than `limit`; 0 to 2."""
    term = motion(env, command)
    down = torch.tensor([0.0, 0.0, -1.0], device=env.device).expand(env.num_envs, 3)
    wanted, actual = (rotate_inverse(quat, down)[:, 2] for quat in (term.anchor_quat, term.robot_anchor[1]))
    return (wanted - actual).abs() > limit


def link_height(env: TermEnv, command: str, limit: float, asset: SceneEntity) -> torch.Tensor:
    """One of the chosen links, which must be tracked, is too high or too low by more than `limit`, m."""
    term = motion(env, command)
    links = term.columns(asset)
    heights = term.robot.link_pos[:, term.links][:, links, 2]
    return ((term.relative.pos[:, links, 2] - heights).abs() > limit).any(dim=1)
