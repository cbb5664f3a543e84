"""Time-outs are bootstrapped from the terminal observation: known values on a world that counts."""

from __future__ import annotations

import pytest
import torch
from backend_cases import CountingEnv

from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg
from genelab_backend_rslrl.build import build_algorithm
from genelab_backend_rslrl.vec_env import RslRlVecEnv

GAMMA = 0.5


def roll_out(critic: RslRlModelCfg, env: CountingEnv, steps: int):
    """Return the algorithm before its first step and a function that runs a rollout and returns the stored rewards."""
    agent = RslRlOnPolicyRunnerCfg(
        num_steps_per_env=steps,
        obs_groups={"actor": ("policy",), "critic": ("policy",)},
        actor=RslRlModelCfg(distribution_cfg=RslRlGaussianCfg()),
        critic=critic,
        algorithm=RslRlPpoAlgorithmCfg(gamma=GAMMA),
    )
    wrapper = RslRlVecEnv(env, ("policy",))  # pyright: ignore[reportArgumentType]
    algorithm = build_algorithm(agent, wrapper)

    def run() -> torch.Tensor:
        observations = wrapper.get_observations()
        with torch.no_grad():
            for _ in range(steps):
                actions = algorithm.act(observations)
                observations, rewards, dones, extras = wrapper.step(actions)
                algorithm.process_env_step(observations, rewards, dones, extras)
            algorithm.compute_returns(observations)
        return algorithm.storage.rewards[..., 0]

    return algorithm, run


def test_the_value_of_the_terminal_observation_is_added_to_the_last_reward():
    algorithm, run = roll_out(RslRlModelCfg(hidden_dims=(1,), activation="identity"), CountingEnv(), steps=4)
    with torch.no_grad():
        for name, parameter in algorithm.critic.named_parameters():
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)  # the value of an observation is the observation
    rewards = run()
    assert rewards[:, 0].tolist() == [1.0, 1.0, 1.0 + GAMMA * 3.0, 1.0]  # the observation before it was 2, after it 0
    assert rewards[:, 1].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert rewards[:, 2].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert algorithm.storage.returns[2, 0].item() == 1.0 + GAMMA * 3.0


@pytest.mark.parametrize("rnn_type", ["lstm", "gru"])
def test_a_recurrent_critic_sees_the_terminal_observation_after_the_whole_episode(rnn_type):
    cfg = RslRlModelCfg(hidden_dims=(4,), rnn_type=rnn_type, rnn_hidden_dim=4, rnn_num_layers=2)
    algorithm, run = roll_out(cfg, CountingEnv(), steps=4)
    rewards = run()
    carried = algorithm.critic.get_hidden_state()
    algorithm.critic.reset()
    with torch.no_grad():
        for count in range(4):
            episode = RslRlVecEnv(CountingEnv(), ("policy",)).get_observations()  # pyright: ignore[reportArgumentType]
            episode["policy"] = torch.full((3, 1), float(count))
            value = algorithm.critic(episode)
    assert rewards[2, 0].item() == pytest.approx(1.0 + GAMMA * value[0].item(), abs=1e-6)
    # After the rollout the hidden state is that of the running episodes: env 0 one step old, env 2 four.
    first = (carried[0] if isinstance(carried, tuple) else carried)[:, 0]  # pyright: ignore[reportOptionalSubscript]
    algorithm.critic.reset()
    with torch.no_grad():
        episode["policy"] = torch.zeros(3, 1)
        algorithm.critic(episode)
    fresh = algorithm.critic.get_hidden_state()
    assert torch.allclose(first, (fresh[0] if isinstance(fresh, tuple) else fresh)[:, 0])  # pyright: ignore
