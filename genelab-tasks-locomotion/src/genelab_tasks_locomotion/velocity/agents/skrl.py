"""PPO agents of the velocity tasks for skrl: the numbers of those for rsl_rl, without mirrored samples.

Budgets count vector steps. The noise on rough ground does not depend on what is seen.
"""

from __future__ import annotations

from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg

_ROLLOUT = 24


def _ppo(name: str, rollouts: int) -> SkrlAgentCfg:
    return SkrlAgentCfg(
        algorithm="PPO",
        experiment_name=name,
        max_iterations=rollouts * _ROLLOUT,
        save_interval=50 * _ROLLOUT,
        rollouts=_ROLLOUT,
        models=SkrlModelsCfg(hidden_dims=(512, 256, 128), log_std=0.0, obs_normalization=True),
        learning_rate=1e-3,
        learning_rate_schedule="adaptive",
        desired_kl=0.01,
        entropy_loss_scale=0.005,
        clip_actions=100.0,
    )


def go1_flat_ppo() -> SkrlAgentCfg:
    """Agent of the Go1 on flat ground."""
    return _ppo("go1_velocity_flat", 3000)


def go1_rough_ppo() -> SkrlAgentCfg:
    """Agent of the Go1 on rough ground."""
    return _ppo("go1_velocity_rough", 3000)


def g1_flat_ppo() -> SkrlAgentCfg:
    """Agent of the G1 on flat ground, with less noise at first, because it falls easily."""
    return _humanoid(_ppo("g1_velocity", 30_000))


def g1_rough_ppo() -> SkrlAgentCfg:
    """Agent of the G1 on rough ground."""
    return _humanoid(_ppo("g1_velocity_rough", 6000))


def go2w_flat_ppo() -> SkrlAgentCfg:
    """Agent of the Go2-W that rolls."""
    return _ppo("go2w_velocity_flat", 6000)


def go2w_crab_stage1_ppo() -> SkrlAgentCfg:
    """Agent of the Go2-W on locked wheels."""
    return _ppo("go2w_crab_stage1", 6000)


def _humanoid(agent: SkrlAgentCfg) -> SkrlAgentCfg:
    agent.models.log_std = -0.7
    agent.desired_kl, agent.entropy_loss_scale = 0.02, 0.01
    return agent
