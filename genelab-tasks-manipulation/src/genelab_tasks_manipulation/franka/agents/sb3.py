"""Agents of the Franka tasks for Stable-Baselines3; budgets count environment steps over all envs."""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3HerCfg, Sb3PolicyCfg
from genelab_tasks_manipulation.franka.terms import compute_reward, relabel_observation


def pick_and_place_sac() -> Sb3AgentCfg:
    """SAC with hindsight experience replay.

    The weight of the entropy is fixed: tuned automatically it falls to 1e-4 before the cube is first lifted.
    """
    return Sb3AgentCfg(
        experiment_name="franka_pick_and_place",
        algorithm="SAC",
        max_iterations=2_000_000,
        save_interval=200_000,
        learning_rate=1e-3,
        discount_factor=0.95,
        batch_size=2048,
        buffer_size=1_000_000,
        tau=0.05,
        learning_starts=6464,
        train_freq=1,
        policy=Sb3PolicyCfg(net_arch=(512, 512, 512), activation="relu"),
        her=Sb3HerCfg(
            enabled=True,
            n_sampled_goal=4,
            goal_selection_strategy="future",
            compute_reward=compute_reward,
            relabel_observation=relabel_observation,
        ),
        extra_kwargs={"gradient_steps": 8, "ent_coef": 0.1},
    )
