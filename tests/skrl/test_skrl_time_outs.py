"""Time-outs are bootstrapped from the terminal observation: known values on a world that counts."""

from __future__ import annotations

import pytest
import torch
from backend_cases import CountingEnv

from genelab.rl.backends.base import TrainContext
from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg
from genelab_backend_skrl.trainer import Trainer

GAMMA = 0.5


def trainer(tmp_path, env: CountingEnv, **fields) -> Trainer:
    agent = SkrlAgentCfg(
        obs_group="policy",
        state_group="policy",
        discount_factor=GAMMA,
        value_normalization=False,
        models=SkrlModelsCfg(hidden_dims=(4,)),
        **fields,
    )
    return Trainer(TrainContext("Counting-v0", env, agent, tmp_path, 100), agent)  # pyright: ignore


@pytest.mark.parametrize("algorithm", ["PPO", "A2C"])
def test_the_value_of_the_terminal_observation_is_added_to_the_last_reward(tmp_path, algorithm):
    env = CountingEnv()
    trained = trainer(tmp_path, env, algorithm=algorithm, rollouts=5)
    value = trained.agent.models["value"]
    for _ in range(4):
        trained._step()
    with torch.no_grad():
        terminal = value.compute({"states": torch.full((1, 1), 3.0)})[0].item()
        running = value.compute({"states": torch.ones(1, 1)})[0].item()
    rewards = trained.agent.memory.tensors["rewards"][:4, :, 0]  # pyright: ignore[reportOptionalMemberAccess]
    assert terminal != pytest.approx(running)
    assert rewards[:, 0].tolist() == [1.0, 1.0, pytest.approx(1.0 + GAMMA * terminal), 1.0]
    assert rewards[:, 1].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert rewards[:, 2].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert env.rewards.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("algorithm", ["SAC", "TD3", "DDPG"])
def test_the_memory_holds_the_terminal_observation_as_what_follows_an_end(tmp_path, algorithm):
    trained = trainer(tmp_path, CountingEnv(), algorithm=algorithm, replay_size=30, batch_size=2, learning_starts=50)
    for _ in range(4):
        trained._step()
    memory = trained.agent.memory
    assert memory is not None
    assert memory.tensors["observations"][:4, 0, 0].tolist() == [0.0, 1.0, 2.0, 0.0]
    for name in ("next_observations", "next_states"):
        assert memory.tensors[name][:4, 0, 0].tolist() == [1.0, 2.0, 3.0, 1.0]
        assert memory.tensors[name][:4, 1, 0].tolist() == [1.0, 2.0, 3.0, 1.0]
        assert memory.tensors[name][:4, 2, 0].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert memory.tensors["terminated"][:4, :, 0].tolist() == [
        [False, False, False],
        [False, False, False],
        [False, True, False],
        [False, False, False],
    ]
