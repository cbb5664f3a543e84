"""Lift the cube: pick-and-place without goals, with a dense reward. Ceiling of the return: 5 s × 6 = 30."""

from __future__ import annotations

from genelab import mdp
from genelab.config import (
    ManagerBasedRlEnvCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneEntityCfg,
    TaskCfg,
)
from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab_tasks_manipulation.franka import terms
from genelab_tasks_manipulation.franka.expert import GRASP_OFFSET
from genelab_tasks_manipulation.franka.pick_and_place import pick_and_place_env, state_terms
from genelab_tasks_manipulation.franka.robot import CUBE, HAND, REST_HEIGHT

LIFTED = 0.08
"""Height above the ground that counts as lifted, m."""


def hand_to_cube(env: TermEnv, hand: SceneEntity, cube: SceneEntity) -> torch.Tensor:
    """Vector from the middle between the fingertips to the cube, m, `(num_envs, 3)`."""
    grasp = mdp.frames.link_position(env, hand)
    return cube.entity.root_pos - grasp + torch.tensor([0.0, 0.0, GRASP_OFFSET], device=env.device)


def reaching(env: TermEnv, hand: SceneEntity, cube: SceneEntity, scale: float) -> torch.Tensor:
    """1 − tanh(distance of the fingertips from the cube / `scale`)."""
    return 1.0 - torch.tanh(hand_to_cube(env, hand, cube).norm(dim=1) / scale)


def lifted(env: TermEnv, asset: SceneEntity) -> torch.Tensor:
    """1 where the cube is off the ground by `LIFTED`, else 0; this is the success of the task."""
    env.success = asset.entity.root_pos[:, 2] > REST_HEIGHT + LIFTED
    return env.success.float()


def _params(**more: float) -> dict[str, SceneEntityCfg | float]:
    return {"hand": HAND, "cube": CUBE, **more}


def lift_cube_env() -> ManagerBasedRlEnvCfg:
    """Return the training environment."""
    env = pick_and_place_env()
    observed = state_terms()
    for name in ("goal", "cube_to_goal", "time_left"):
        del observed[name]
    observed["hand_to_cube"] = ObservationTermCfg(func=hand_to_cube, params=_params())
    env.observations = {
        "policy": ObservationGroupCfg(terms=observed, corrupt=True),
        "critic": ObservationGroupCfg(terms=observed),
    }
    env.commands, env.strata = {}, {}
    env.simulation.num_envs = 256
    env.scale_rewards_by_dt = True
    env.random_initial_episode_length = True
    env.rewards = {
        "reaching": RewardTermCfg(func=reaching, params=_params(scale=0.1), weight=1.0),
        "lift": RewardTermCfg(func=terms.object_lift, params={"asset": CUBE}, weight=5.0),
        "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.01),
    }
    env.metrics = {"lifted": MetricTermCfg(func=lifted, params={"asset": CUBE})}
    return env


def lift_cube() -> TaskCfg:
    """Lift a cube off the ground."""
    return TaskCfg(env=lift_cube_env())
