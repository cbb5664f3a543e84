"""PPO agent of the Franka tasks for rsl_rl."""

from __future__ import annotations

from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg


def lift_cube_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the lift task: 300 rollouts of 48 steps."""
    hidden = (256, 128)
    return RslRlOnPolicyRunnerCfg(
        experiment_name="franka_lift_cube",
        max_iterations=300,
        save_interval=50,
        num_steps_per_env=48,
        clip_actions=1.0,
        actor=RslRlModelCfg(
            hidden_dims=hidden, obs_normalization=True, distribution_cfg=RslRlGaussianCfg(init_std=0.7)
        ),
        critic=RslRlModelCfg(hidden_dims=hidden, obs_normalization=True),
        algorithm=RslRlPpoAlgorithmCfg(
            learning_rate=1e-3, schedule="adaptive", desired_kl=0.01, gamma=0.98, entropy_coef=0.003
        ),
    )
