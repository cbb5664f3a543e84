"""PPO agents of the tracking tasks for Stable-Baselines3; budgets count environment steps over all envs.

The library has no step size that adapts to how far an update moved the policy: a smaller one instead. Its critic sees
what the policy sees.
"""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

_ROLLOUT = 24 * 4096


def g1_tracking_ppo() -> Sb3AgentCfg:
    """Agent of the G1."""
    return Sb3AgentCfg(
        experiment_name="g1_tracking_flat",
        algorithm="PPO",
        max_iterations=30_000 * _ROLLOUT,
        save_interval=500 * _ROLLOUT,
        n_steps=24,
        n_epochs=5,
        batch_size=_ROLLOUT // 4,
        learning_rate=3e-4,
        ent_coef=0.005,
        clip_actions=100.0,
        policy=Sb3PolicyCfg(net_arch=(512, 256, 128), activation="elu", obs_normalization=True, log_std_init=-0.7),
    )
