"""Rewards and success of the pick-and-place task.

The reward is a function of the goal that was reached and the goal that was asked for, so that hindsight experience
replay can compute it for other goals: the environment and the replay buffer call the same functions.
"""

from __future__ import annotations

from typing import Any

from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab_tasks_manipulation.franka.robot import REST_HEIGHT

THRESHOLD = 0.05
"""Distance from the goal that counts as reached, m."""
LIFT_WEIGHT = 0.2
GOAL_COLUMNS, WAY_COLUMNS = slice(24, 27), slice(27, 30)
"""Where the observation holds the goal, and the vector from the cube to it."""
LIFT_RANGE = 0.1
"""Height above the ground at which the bonus for lifting is full, m."""


def miss(achieved: torch.Tensor, desired: torch.Tensor) -> torch.Tensor:
    """Return -1 where the cube, `(..., 3)`, is further than the threshold from its goal, else 0."""
    return -((achieved - desired).norm(dim=-1) > THRESHOLD).to(achieved.dtype)


def lift(achieved: torch.Tensor) -> torch.Tensor:
    """Return how far the cube, `(..., 3)`, is lifted, from 0 on the ground to 1."""
    return ((achieved[..., 2] - REST_HEIGHT) / LIFT_RANGE).clamp(0.0, 1.0)


def compute_reward(achieved: torch.Tensor, desired: torch.Tensor, info: dict[str, Any]) -> torch.Tensor:
    """Return the reward `(batch,)` of positions and goals of the cube, `(batch, 3)`, as the environment gives it."""
    return miss(achieved, desired) + LIFT_WEIGHT * lift(achieved)


def relabel_observation(observation: torch.Tensor, old_goal: torch.Tensor, new_goal: torch.Tensor) -> torch.Tensor:
    """Return observations `(batch, 35)` as they would have been with other goals, `(batch, 3)`.

    The observation holds the goal and the way to it besides the groups that hindsight experience replay exchanges.
    """
    relabelled = observation.clone()
    relabelled[:, GOAL_COLUMNS] = new_goal
    relabelled[:, WAY_COLUMNS] += new_goal - old_goal
    return relabelled


def goal_missed(env: TermEnv, command: str, asset: SceneEntity) -> torch.Tensor:
    """-1 while the object is further than the threshold from its goal, else 0."""
    return miss(asset.entity.root_pos, env.command_manager.get(command))


def object_lift(env: TermEnv, asset: SceneEntity) -> torch.Tensor:
    """How far the object is lifted, from 0 on the ground to 1."""
    return lift(asset.entity.root_pos)


def goal_reached(env: TermEnv, command: str, asset: SceneEntity) -> torch.Tensor:
    """1 where the object is at its goal, else 0; this is the success of the task."""
    reached = goal_missed(env, command, asset) == 0.0
    env.success = reached
    return reached.float()
