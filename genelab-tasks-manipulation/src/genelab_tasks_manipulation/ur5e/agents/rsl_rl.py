"""PPO agent of the UR5e for rsl_rl."""

from __future__ import annotations

from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg


def reach_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the reach task: 60 rollouts of 24 steps."""
    hidden = (128, 128)
    return RslRlOnPolicyRunnerCfg(
        experiment_name="ur5e_reach",
        max_iterations=60,
        save_interval=20,
        num_steps_per_env=24,
        clip_actions=1.0,
        actor=RslRlModelCfg(
            hidden_dims=hidden, obs_normalization=True, distribution_cfg=RslRlGaussianCfg(init_std=0.5)
        ),
        critic=RslRlModelCfg(hidden_dims=hidden, obs_normalization=True),
        algorithm=RslRlPpoAlgorithmCfg(learning_rate=1e-3, schedule="adaptive", desired_kl=0.01, entropy_coef=0.001),
    )
