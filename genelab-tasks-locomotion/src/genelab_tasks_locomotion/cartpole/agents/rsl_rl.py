"""PPO agents of the cart-poles for rsl_rl."""

from __future__ import annotations

from genelab_backend_rslrl import (
    RslRlGaussianCfg,
    RslRlModelCfg,
    RslRlOnPolicyRunnerCfg,
    RslRlPpoAlgorithmCfg,
    RslRlSymmetryCfg,
)
from genelab_tasks_locomotion.cartpole.agents.symmetry import mirror_cartpole


def _ppo(name: str, hidden: tuple[int, ...], iterations: int, save_interval: int) -> RslRlOnPolicyRunnerCfg:
    """Return what the cart-poles share; algorithm values that are not here are the config's defaults."""
    return RslRlOnPolicyRunnerCfg(
        experiment_name=name,
        max_iterations=iterations,
        save_interval=save_interval,
        num_steps_per_env=24,
        clip_actions=100.0,
        actor=RslRlModelCfg(
            hidden_dims=hidden, obs_normalization=True, distribution_cfg=RslRlGaussianCfg(init_std=1.0)
        ),
        critic=RslRlModelCfg(hidden_dims=hidden, obs_normalization=True),
        algorithm=RslRlPpoAlgorithmCfg(learning_rate=1e-3, schedule="adaptive", desired_kl=0.01, entropy_coef=0.005),
    )


def inverted_pendulum_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the inverted pendulum.

    Samples are mirrored. Without that the pole stands as well, but with most seeds at a place off the middle that 150
    iterations, 36 s of simulated time, are too few to leave.
    """
    agent = _ppo("inverted_pendulum_flat", (128, 128), iterations=150, save_interval=25)
    agent.algorithm.symmetry_cfg = RslRlSymmetryCfg(data_augmentation_func=mirror_cartpole, use_data_augmentation=True)
    return agent


def double_inverted_pendulum_ppo() -> RslRlOnPolicyRunnerCfg:
    """Agent of the double inverted pendulum."""
    return _ppo("double_inverted_pendulum_flat", (256, 128), iterations=300, save_interval=50)


def memory_lstm_ppo() -> RslRlOnPolicyRunnerCfg:
    """Recurrent agent of the memory task; a rollout spans an episode, so that gradients reach back to the cue.

    Its critic sees the target all the time and needs no memory.
    """
    agent = _memory("inverted_pendulum_memory_rnn")
    agent.actor.hidden_dims = (128,)
    agent.actor.rnn_type, agent.actor.rnn_hidden_dim, agent.actor.rnn_num_layers = "lstm", 128, 1
    return agent


def memory_mlp_ppo() -> RslRlOnPolicyRunnerCfg:
    """Feed-forward agent of the memory task, which cannot solve it."""
    return _memory("inverted_pendulum_memory_mlp")


def _memory(name: str) -> RslRlOnPolicyRunnerCfg:
    agent = _ppo(name, (128, 128), iterations=400, save_interval=50)
    agent.num_steps_per_env = 100
    agent.algorithm.num_mini_batches, agent.algorithm.num_learning_epochs = 4, 5
    agent.algorithm.schedule, agent.algorithm.learning_rate = "fixed", 5e-4
    agent.algorithm.entropy_coef = 0.004
    return agent
