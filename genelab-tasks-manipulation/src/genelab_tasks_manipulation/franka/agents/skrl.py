"""PPO agent of the Franka tasks for skrl."""

from __future__ import annotations

from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg


def lift_cube_ppo() -> SkrlAgentCfg:
    """Agent of the lift task: 300 rollouts of 48 steps."""
    return SkrlAgentCfg(
        algorithm="PPO",
        experiment_name="franka_lift_cube",
        max_iterations=14400,
        save_interval=2400,
        rollouts=48,
        models=SkrlModelsCfg(hidden_dims=(256, 128), log_std=-0.36, obs_normalization=True),
        learning_rate=1e-3,
        discount_factor=0.98,
        entropy_loss_scale=0.003,
    )
