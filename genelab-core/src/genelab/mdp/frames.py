"""Terms about where links and objects are: `(num_envs, dim)` observations and `(num_envs,)` distances."""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch


def link_position(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Positions of the chosen links' origins in the world, m, link after link."""
    return asset.robot.link_pos[:, asset.links].flatten(1)


def object_position(env: TermEnv, asset: SceneEntity) -> torch.Tensor:
    """Position of a body in the world, m."""
    return asset.entity.root_pos


def object_to_goal(env: TermEnv, command: str, asset: SceneEntity) -> torch.Tensor:
    """Vector from a body to the goal that a command gives, m."""
    return env.command_manager.get(command) - asset.entity.root_pos


def link_to_goal(env: TermEnv, command: str, asset: SceneEntity) -> torch.Tensor:
    """Vector from a link's origin to the goal that a command gives, m."""
    return env.command_manager.get(command) - link_position(env, asset)


def time_left(env: TermEnv) -> torch.Tensor:
    """Share of the episode that is left, 1 at its start and 0 at the time limit, `(num_envs, 1)`."""
    return (1.0 - env.episode_length_buf / env.max_episode_length)[:, None]
