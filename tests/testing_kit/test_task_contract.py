"""The task contract passes for an environment that keeps it and finds what breaks it. No physics."""

from __future__ import annotations

import pytest
import torch

from genelab.api import TaskSpec
from genelab.config import TaskCfg
from genelab.plugins.tasks import load_task
from genelab.testing import FakeVecEnv, TaskContract, in_memory_plugin, plugin_sandbox
from genelab.testing.fake_task import fake_env_cfg


def fake_task() -> TaskCfg:
    return TaskCfg(env=fake_env_cfg(4, max_episode_length=200, history_length=1, strata={}, seed=0))


def make_fake_env(cfg, *, num_envs, seed):
    return FakeVecEnv(num_envs, max_episode_length=cfg.max_episode_length, failure_steps=(150, 160), seed=seed)


@pytest.fixture(autouse=True, scope="module")
def catalog():
    with plugin_sandbox(
        in_memory_plugin("fake", [TaskSpec(id="Fake-v0", config="test_task_contract:fake_task")])
    ) as made:
        yield made


class TestFakeTask(TaskContract):
    task = "Fake-v0"

    @pytest.fixture(scope="class")
    @classmethod
    def env(cls, loaded):
        return make_fake_env(loaded.cfg.env, num_envs=cls.num_envs, seed=0)


class SharedReset(FakeVecEnv):
    """A reset of one env draws new goals for all."""

    def _start_episodes(self, mask):
        super()._start_episodes(torch.ones_like(mask))


class NoTerminalObservation(FakeVecEnv):
    """Shows the observation after the reset as the terminal one."""

    def step(self, actions):
        observations, reward, terminated, truncated, extras = super().step(actions)
        if "final_obs" in extras:
            extras["final_obs"] = observations
        return observations, reward, terminated, truncated, extras


class SeedIgnored(FakeVecEnv):
    """Starts differently each time."""

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None, options=options)


class NotFinite(FakeVecEnv):
    """Divides by zero after a while."""

    def step(self, actions):
        observations, reward, *rest = super().step(actions)
        return observations, reward / (self.episode_length_buf < 50), *rest


class WrongType(FakeVecEnv):
    """Returns numbers where flags are promised."""

    def step(self, actions):
        observations, reward, terminated, *rest = super().step(actions)
        return observations, reward, terminated.float(), *rest


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (SharedReset, "test_resetting_one_env_leaves_the_others_equal"),
        (NoTerminalObservation, "test_a_finished_episode_keeps_its_terminal_observation"),
        (SeedIgnored, "test_the_same_seed_gives_the_same_first_observation_and_another_seed_another_one"),
        (NotFinite, "test_random_actions_keep_everything_finite"),
        (WrongType, "test_observations_and_rewards_have_the_shapes_of_the_spaces"),
    ],
)
def test_what_breaks_the_contract_is_found(kind, test):
    env = kind(4, max_episode_length=200, failure_steps=(150, 160))
    suite = type("Suite", (TaskContract,), {"task": "Fake-v0"})()
    with pytest.raises(AssertionError):
        getattr(suite, test)(env)


def test_the_fake_config_loads_as_a_task_does():
    assert set(load_task("Fake-v0").cfg.env.observations) == {"policy", "critic"}
