"""Termination terms: bool `(num_envs,)` each."""

from __future__ import annotations

import math

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.observations import projected_gravity
from genelab.utils.lazy import torch


def time_out(env: TermEnv) -> torch.Tensor:
    """The episode has reached its time limit."""
    return env.episode_length_buf >= env.max_episode_length


def joint_out_of_range(env: TermEnv, limit: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """|q| of any chosen joint is above `limit`, rad or m."""
    return (asset.robot.joint_pos[:, asset.joints].abs() > limit).any(dim=1)


def bad_orientation(env: TermEnv, limit: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """The base's z axis is tilted from the vertical by more than `limit`, rad."""
    return projected_gravity(env, asset)[:, 2] > -math.cos(limit)


def base_below(env: TermEnv, height: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """The base is lower than `height` above the world's origin, m."""
    return asset.entity.root_pos[:, 2] < height


def base_near_ground(env: TermEnv, height: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """The base is lower than `height` above the ground below it, m."""
    pos = asset.entity.root_pos
    return pos[:, 2] - env.scene.ground.height_at(pos) < height


def illegal_contact(env: TermEnv, contacts: str) -> torch.Tensor:
    """A link of a `ContactSensorCfg` touches something."""
    return env.scene.sensor(contacts).in_contact.any(dim=1)


def off_terrain(env: TermEnv, margin: float = 1.0, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """The base is nearer than `margin` to the edge of the terrain, m. Meant as a time-out: leaving is no failure."""
    return env.scene.ground.outside(asset.entity.root_pos, margin)
