"""PPO agents of the tracking tasks for skrl: the numbers of those for rsl_rl, without mirrored samples.

Budgets count vector steps.
"""

from __future__ import annotations

from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg

_ROLLOUT = 24


def g1_tracking_ppo() -> SkrlAgentCfg:
    """Agent of the G1."""
    return SkrlAgentCfg(
        algorithm="PPO",
        experiment_name="g1_tracking_flat",
        max_iterations=30_000 * _ROLLOUT,
        save_interval=500 * _ROLLOUT,
        rollouts=_ROLLOUT,
        models=SkrlModelsCfg(hidden_dims=(512, 256, 128), log_std=-0.7, obs_normalization=True),
        learning_rate=1e-3,
        learning_rate_schedule="adaptive",
        desired_kl=0.02,
        entropy_loss_scale=0.005,
        clip_actions=100.0,
    )
