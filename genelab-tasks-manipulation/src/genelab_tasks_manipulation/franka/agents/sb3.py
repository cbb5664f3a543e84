"""Agents of the Franka tasks for Stable-Baselines3; budgets count environment steps over all envs."""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3HerCfg, Sb3ImitationCfg, Sb3PolicyCfg
from genelab_tasks_manipulation.franka.terms import compute_reward, relabel_observation


def pick_and_place_sac() -> Sb3AgentCfg:
    """SAC with hindsight experience replay that imitates demonstrations, if it is given any.

    The networks and mini-batches are small enough for a CPU. The observation is in metres and radians, whose scales
    differ by a factor of 200: without normalisation little is learnt. The weight of the entropy is fixed: tuned
    automatically it falls to 1e-4 before the cube is first lifted.
    """
    return Sb3AgentCfg(
        experiment_name="franka_pick_and_place",
        algorithm="SAC",
        max_iterations=2_000_000,
        save_interval=200_000,
        learning_rate=5e-4,
        discount_factor=0.95,
        batch_size=256,
        buffer_size=1_000_000,
        tau=0.05,
        learning_starts=6464,
        train_freq=1,
        policy=Sb3PolicyCfg(net_arch=(256, 256), activation="relu", obs_normalization=True, critic_layer_norm=True),
        her=Sb3HerCfg(
            enabled=True,
            n_sampled_goal=4,
            goal_selection_strategy="future",
            compute_reward=compute_reward,
            relabel_observation=relabel_observation,
        ),
        imitation=Sb3ImitationCfg(batch_share=0.5, cloning_weight=2.0, q_filter=True, updates_before=5000),
        extra_kwargs={"gradient_steps": 8, "ent_coef": 0.02},
    )
