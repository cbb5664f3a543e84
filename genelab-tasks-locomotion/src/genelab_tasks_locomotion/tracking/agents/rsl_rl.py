"""PPO agents of the tracking tasks for rsl_rl."""

from __future__ import annotations

from genelab_backend_rslrl import (
    RslRlGaussianCfg,
    RslRlModelCfg,
    RslRlOnPolicyRunnerCfg,
    RslRlPpoAlgorithmCfg,
    RslRlSymmetryCfg,
)
from genelab_tasks_locomotion.tracking.agents.symmetry import mirror_g1


def g1_tracking_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the G1; its first noise is small, because actions count from the reference, which is a good start."""
    hidden = (512, 256, 128)
    return RslRlOnPolicyRunnerCfg(
        experiment_name="g1_tracking_flat",
        max_iterations=30_000,
        save_interval=500,
        num_steps_per_env=24,
        clip_actions=100.0,
        actor=RslRlModelCfg(
            hidden_dims=hidden, obs_normalization=True, distribution_cfg=RslRlGaussianCfg(init_std=0.5)
        ),
        critic=RslRlModelCfg(hidden_dims=hidden, obs_normalization=True),
        algorithm=RslRlPpoAlgorithmCfg(
            learning_rate=1e-3,
            schedule="adaptive",
            desired_kl=0.02,
            entropy_coef=0.005,
            symmetry_cfg=RslRlSymmetryCfg(data_augmentation_func=mirror_g1, use_data_augmentation=True),
        ),
    )
