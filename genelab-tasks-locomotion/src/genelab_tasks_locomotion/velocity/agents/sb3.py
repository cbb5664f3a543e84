"""PPO agents of the velocity tasks for Stable-Baselines3; budgets count environment steps over all envs.

The library has no step size that adapts to how far an update moved the policy: a smaller one instead. Its critic sees
what the policy sees. Actions are not bounded to ±1, which would keep every joint within 0.25 rad of its default.
"""

from __future__ import annotations

from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

_ROLLOUT = 24 * 4096


def _ppo(name: str, rollouts: int) -> Sb3AgentCfg:
    return Sb3AgentCfg(
        experiment_name=name,
        algorithm="PPO",
        max_iterations=rollouts * _ROLLOUT,
        save_interval=50 * _ROLLOUT,
        n_steps=24,
        n_epochs=5,
        batch_size=_ROLLOUT // 4,
        learning_rate=3e-4,
        ent_coef=0.005,
        clip_actions=100.0,
        policy=Sb3PolicyCfg(net_arch=(512, 256, 128), activation="elu", obs_normalization=True),
    )


def go1_flat_ppo() -> Sb3AgentCfg:
    """Agent of the Go1 on flat ground."""
    return _ppo("go1_velocity_flat", 3000)


def go1_rough_ppo() -> Sb3AgentCfg:
    """Agent of the Go1 on rough ground."""
    return _ppo("go1_velocity_rough", 3000)


def g1_flat_ppo() -> Sb3AgentCfg:
    """Agent of the G1 on flat ground, with less noise at first, because it falls easily."""
    return _humanoid(_ppo("g1_velocity", 30_000))


def g1_rough_ppo() -> Sb3AgentCfg:
    """Agent of the G1 on rough ground."""
    return _humanoid(_ppo("g1_velocity_rough", 6000))


def go2w_flat_ppo() -> Sb3AgentCfg:
    """Agent of the Go2-W that rolls."""
    return _ppo("go2w_velocity_flat", 6000)


def go2w_crab_stage1_ppo() -> Sb3AgentCfg:
    """Agent of the Go2-W on locked wheels."""
    return _ppo("go2w_crab_stage1", 6000)


def _humanoid(agent: Sb3AgentCfg) -> Sb3AgentCfg:
    agent.policy.log_std_init, agent.ent_coef = -0.7, 0.01
    return agent
