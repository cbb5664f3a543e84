"""What every task must do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import torch

from genelab.config.serialization import from_json, to_json
from genelab.envs.make import make_env
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import LoadedTask, load_task
from genelab.utils.names import normalize

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv


class TaskContract:
    """Test a task; it is built once, in Genesis, with few envs.

        class TestMyTask(TaskContract):
            task = "My-Task-v0"

    Attributes:
        task: The task's id.
        num_envs: Envs of the test.
        steps: Random steps.
    """

    task: ClassVar[str]
    num_envs: ClassVar[int] = 4
    steps: ClassVar[int] = 100

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls) -> LoadedTask:
        return load_task(cls.task)

    @pytest.fixture(scope="class")
    @classmethod
    def env(cls, loaded: LoadedTask) -> Iterator[Any]:
        if loaded.spec.kind != "rl":
            pytest.skip("a playback scene has neither rewards nor episodes")
        made = make_env(loaded.cfg.env, num_envs=cls.num_envs, seed=0)
        yield made
        made.close()

    def test_configs_survive_json(self, loaded: LoadedTask) -> None:
        for config in (loaded.cfg.env, loaded.cfg.eval_env, loaded.cfg.play_env):
            assert from_json(to_json(config)) == config

    def test_each_load_makes_a_fresh_config(self, loaded: LoadedTask) -> None:
        again = load_task(self.task)
        assert again.cfg == loaded.cfg
        assert again.cfg.env is not loaded.cfg.env

    def test_the_agent_of_each_installed_backend_is_made_and_survives_json(self, loaded: LoadedTask) -> None:
        installed = {normalize(backend) for backend in get_catalog().backends}
        for backend in loaded.spec.agents:
            if normalize(backend) in installed:
                agent = load_task(self.task, backend=backend).cfg.agent
                assert from_json(to_json(agent)) == agent

    def test_observations_and_rewards_have_the_shapes_of_the_spaces(self, env: VecEnv) -> None:
        observations, _ = env.reset(seed=0)
        self._check_observations(env, observations)
        observations, reward, terminated, truncated, _ = env.step(self._actions(env))
        self._check_observations(env, observations)
        assert reward.shape == terminated.shape == truncated.shape == (self.num_envs,)
        assert (reward.dtype, terminated.dtype, truncated.dtype) == (torch.float32, torch.bool, torch.bool)

    def test_the_same_seed_gives_the_same_first_observation_and_another_seed_another_one(self, env: VecEnv) -> None:
        first, again, other = (env.reset(seed=seed)[0] for seed in (3, 3, 4))
        assert all(torch.equal(first[group], again[group]) for group in first)
        assert not all(torch.equal(first[group], other[group]) for group in first), "no start depends on the seed"

    def test_random_actions_keep_everything_finite(self, env: VecEnv) -> None:
        env.reset(seed=0)
        for _ in range(self.steps):
            observations, reward, *_, extras = env.step(self._actions(env))
            assert reward.isfinite().all()
            assert all(value.isfinite().all() for value in observations.values())
            assert not extras.get("nan_reset", torch.zeros(1)).any()

    def test_resetting_one_env_leaves_the_others_equal(self, env: VecEnv) -> None:
        actions = torch.zeros(self.num_envs, env.action_dim, device=env.device)
        results = []
        for finish_first in (False, True):
            env.reset(seed=5, options={"evaluation": True})
            env.step(actions)
            if finish_first:
                lengths = env.episode_length_buf.clone()
                lengths[0] = env.max_episode_length - 1
                env.episode_length_buf = lengths
            *_, truncated, _ = env.step(actions)
            assert bool(truncated[0]) == finish_first
            results.append(env.step(actions))
        (ours, reward, *_), (theirs, other_reward, *_) = results
        assert torch.equal(reward[1:], other_reward[1:])
        assert all(torch.equal(ours[group][1:], theirs[group][1:]) for group in ours)

    def test_a_finished_episode_keeps_its_terminal_observation(self, env: VecEnv) -> None:
        env.reset(seed=0)
        env.episode_length_buf = torch.full_like(env.episode_length_buf, env.max_episode_length - 1)
        observations, _, terminated, truncated, extras = env.step(self._actions(env))
        assert (terminated | truncated).all()
        final = extras["final_obs"]
        assert all(final[group].shape == observations[group].shape for group in observations)
        assert any(not torch.equal(final[group], observations[group]) for group in observations)
        assert (env.episode_length_buf == 0).all()

    def _actions(self, env: VecEnv) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        actions = torch.rand(self.num_envs, env.action_dim, generator=generator) * 2 - 1
        return actions.to(env.device)

    def _check_observations(self, env: VecEnv, observations: dict[str, torch.Tensor]) -> None:
        assert list(observations) == list(env.observation_layout.groups)
        for group, value in observations.items():
            assert value.dtype == torch.float32
            assert value.shape == (self.num_envs, *(env.single_observation_space[group].shape or ()))
            assert value.shape[1] == env.observation_layout.groups[group].dim
