"""PPO agent of the UR5e for skrl."""

from __future__ import annotations

from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg


def reach_ppo() -> SkrlAgentCfg:
    """Agent of the reach task: 60 rollouts of 24 steps."""
    return SkrlAgentCfg(
        algorithm="PPO",
        experiment_name="ur5e_reach",
        max_iterations=1440,
        save_interval=480,
        rollouts=24,
        models=SkrlModelsCfg(hidden_dims=(128, 128), log_std=-0.7, obs_normalization=True),
        learning_rate=1e-3,
        entropy_loss_scale=0.001,
    )
