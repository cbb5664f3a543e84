"""Rewards and success of bringing a link to a place."""

from __future__ import annotations

from genelab import mdp
from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch


def goal_distance(env: TermEnv, command: str, asset: SceneEntity) -> torch.Tensor:
    """Distance of a link's origin from the goal, m."""
    return mdp.frames.link_to_goal(env, command, asset).norm(dim=1)


def goal_closeness(env: TermEnv, command: str, asset: SceneEntity, scale: float) -> torch.Tensor:
    """1 − tanh(distance / scale): 1 at the goal, flat beyond a few times `scale`, m."""
    return 1.0 - torch.tanh(goal_distance(env, command, asset) / scale)


def goal_reached(env: TermEnv, command: str, asset: SceneEntity, threshold: float) -> torch.Tensor:
    """1 where the link is within `threshold` (m) of its goal, else 0; this is the success of the task."""
    env.success = goal_distance(env, command, asset) < threshold
    return env.success.float()
