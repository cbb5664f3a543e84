"""PPO agents of the velocity tasks for rsl_rl."""

from __future__ import annotations

from genelab_backend_rslrl import (
    RslRlGaussianCfg,
    RslRlModelCfg,
    RslRlOnPolicyRunnerCfg,
    RslRlPpoAlgorithmCfg,
    RslRlSymmetryCfg,
)
from genelab_tasks_locomotion.velocity.agents.symmetry import mirror_go1


def _ppo(name: str, iterations: int) -> RslRlOnPolicyRunnerCfg:
    hidden = (512, 256, 128)
    return RslRlOnPolicyRunnerCfg(
        experiment_name=name,
        max_iterations=iterations,
        save_interval=50,
        num_steps_per_env=24,
        clip_actions=100.0,
        actor=RslRlModelCfg(
            hidden_dims=hidden, obs_normalization=True, distribution_cfg=RslRlGaussianCfg(init_std=1.0)
        ),
        critic=RslRlModelCfg(hidden_dims=hidden, obs_normalization=True),
        algorithm=RslRlPpoAlgorithmCfg(learning_rate=1e-3, schedule="adaptive", desired_kl=0.01, entropy_coef=0.005),
    )


def go1_flat_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the Go1 on flat ground."""
    agent = _ppo("go1_velocity_flat", iterations=3000)
    agent.algorithm.symmetry_cfg = RslRlSymmetryCfg(data_augmentation_func=mirror_go1, use_data_augmentation=True)
    return agent
