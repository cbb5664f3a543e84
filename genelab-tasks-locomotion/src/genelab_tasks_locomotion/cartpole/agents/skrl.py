"""PPO agent of the inverted pendulum for skrl."""

from __future__ import annotations

from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg


def inverted_pendulum_ppo() -> SkrlAgentCfg:
    """Agent of the inverted pendulum: 200 rollouts; values that are not here are the config's defaults."""
    return SkrlAgentCfg(
        algorithm="PPO",
        experiment_name="inverted_pendulum_skrl",
        max_iterations=4800,
        save_interval=480,
        rollouts=24,
        models=SkrlModelsCfg(hidden_dims=(128, 128), log_std=0.0, obs_normalization=True),
        learning_rate=1e-3,
        entropy_loss_scale=0.005,
    )
