"""Time-outs are bootstrapped from the terminal observation: known values on a world that counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.rl.backends.base import TrainContext
from genelab.utils.errors import GenelabError
from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg
from genelab_backend_skrl.trainer import Trainer

GAMMA = 0.5


class CountingEnv:
    """Observes the steps since the reset. At the third step env 0 is truncated and env 1 terminated; 2 goes on."""

    num_envs, max_episode_length, device, cfg = 3, 3, torch.device("cpu"), None
    single_action_space, action_dim = SimpleNamespace(shape=(1,)), 1
    observation_layout = ObservationLayout({"policy": GroupLayout("policy", (TermLayout("steps", 1, (1.0,)),))})

    def __init__(self, *, terminal: bool = True) -> None:
        self.steps, self.terminal, self.rewards = torch.zeros(3, 1), terminal, torch.ones(3)

    def reset(self):
        return {"policy": self.steps.clone()}, {}

    def step(self, actions):
        self.steps = self.steps + 1
        ends = torch.tensor([True, True, False]) & (self.steps[:, 0] == 3)
        extras = {"final_obs": {"policy": self.steps.clone()}} if self.terminal and ends.any() else {}
        self.steps = self.steps.masked_fill(ends[:, None], 0.0)
        # Both flags at once for env 1: a termination is never bootstrapped.
        terminated = ends & torch.tensor([False, True, False])
        return {"policy": self.steps.clone()}, self.rewards, terminated, ends, extras


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


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_a_time_out_without_a_terminal_observation_is_an_error(tmp_path, algorithm):
    trained = trainer(tmp_path, CountingEnv(terminal=False), algorithm=algorithm)
    with pytest.raises(GenelabError, match="without giving its terminal observation"):
        for _ in range(3):
            trained._step()
