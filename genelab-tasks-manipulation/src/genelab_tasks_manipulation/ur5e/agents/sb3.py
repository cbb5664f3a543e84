"""PPO agent of the UR5e for Stable-Baselines3; budgets count environment steps over all envs."""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

_ROLLOUT = 24 * 512


def reach_ppo() -> Sb3AgentCfg:
    """Agent of the reach task: 80 rollouts of 24 steps with 512 envs.

    Its step size is fixed; mini-batches are small instead, so that each rollout moves the policy as far as an adaptive
    step size does.
    """
    return Sb3AgentCfg(
        experiment_name="ur5e_reach",
        algorithm="PPO",
        max_iterations=80 * _ROLLOUT,
        save_interval=20 * _ROLLOUT,
        n_steps=24,
        n_epochs=8,
        batch_size=_ROLLOUT // 8,
        learning_rate=1e-3,
        ent_coef=0.001,
        policy=Sb3PolicyCfg(net_arch=(128, 128), activation="elu", log_std_init=-0.7, obs_normalization=True),
    )
