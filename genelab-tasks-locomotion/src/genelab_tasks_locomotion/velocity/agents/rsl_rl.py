"""PPO agents of the velocity tasks for rsl_rl."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genelab_backend_rslrl import (
    RslRlGaussianCfg,
    RslRlHeteroscedasticGaussianCfg,
    RslRlModelCfg,
    RslRlOnPolicyRunnerCfg,
    RslRlPpoAlgorithmCfg,
    RslRlSymmetryCfg,
)
from genelab_tasks_locomotion.velocity.agents.symmetry import mirror_g1, mirror_go1, mirror_go2w


def _ppo(name: str, iterations: int, mirror: Callable[..., Any]) -> RslRlOnPolicyRunnerCfg:
    hidden = (512, 256, 128)
    symmetry = RslRlSymmetryCfg(data_augmentation_func=mirror, use_data_augmentation=True)
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
        algorithm=RslRlPpoAlgorithmCfg(
            learning_rate=1e-3, schedule="adaptive", desired_kl=0.01, entropy_coef=0.005, symmetry_cfg=symmetry
        ),
    )


def go1_flat_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the Go1 on flat ground."""
    return _ppo("go1_velocity_flat", 3000, mirror_go1)


def go1_rough_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the Go1 on rough ground."""
    return _rough(_ppo("go1_velocity_rough", 3000, mirror_go1))


def g1_flat_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the G1 on flat ground; with the usual first noise of 1.0 and KL of 0.01 it falls and learns nothing."""
    agent = _ppo("g1_velocity", 30_000, mirror_g1)
    agent.actor.distribution_cfg = RslRlGaussianCfg(init_std=0.5)
    agent.algorithm.desired_kl, agent.algorithm.entropy_coef = 0.02, 0.01
    return agent


def g1_rough_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the G1 on rough ground."""
    return _rough(_ppo("g1_velocity_rough", 6000, mirror_g1))


def go2w_flat_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the Go2-W that rolls."""
    return _ppo("go2w_velocity_flat", 6000, mirror_go2w)


def go2w_crab_stage1_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the Go2-W on locked wheels."""
    return _ppo("go2w_crab_stage1", 6000, mirror_go2w)


def _rough(agent: RslRlOnPolicyRunnerCfg) -> RslRlOnPolicyRunnerCfg:
    """Let the noise depend on what is seen: large where the ground is new, small where it is known."""
    agent.actor.distribution_cfg = RslRlHeteroscedasticGaussianCfg(init_std=1.0, std_type="log", std_range=(0.3, 2.0))
    agent.algorithm.desired_kl, agent.algorithm.entropy_coef = 0.02, 0.0
    return agent
