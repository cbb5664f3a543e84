"""Agents of the cart-poles for Stable-Baselines3; budgets count environment steps over all envs."""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg


def inverted_pendulum_ppo() -> Sb3AgentCfg:
    """PPO for the inverted pendulum: 150 rollouts of 24 steps with 4096 envs."""
    return Sb3AgentCfg(
        experiment_name="inverted_pendulum_flat",
        algorithm="PPO",
        max_iterations=150 * 24 * 4096,
        save_interval=25 * 24 * 4096,
        n_steps=24,
        n_epochs=5,
        batch_size=24 * 4096 // 4,
        learning_rate=1e-3,
        ent_coef=0.005,
        policy=Sb3PolicyCfg(net_arch=(128, 128), activation="elu", obs_normalization=True),
    )
