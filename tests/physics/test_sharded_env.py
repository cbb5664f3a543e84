"""One environment in two processes against one process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from genelab.envs.make import make_env
from genelab.plugins.tasks import load_task
from genelab.testing.bitwise import bit_differences
from genelab.utils.errors import GenelabError, UsageError

TASK = "GeneLab-Inverted-Pendulum-v0"


def sharded(num_envs: int, shards: int, **simulation: Any) -> Any:
    cfg = load_task(TASK).cfg.env
    cfg.simulation.shards = shards
    for name, value in simulation.items():
        setattr(cfg.simulation, name, value)
    return make_env(cfg, num_envs=num_envs)


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Any]:
    env = sharded(8, 2)
    yield env
    env.close()


def rollout(env: Any, steps: int) -> list[Any]:
    """Return all that a trainer sees; rows of `final_obs` count where an env finished, the log is a mean of means."""
    generator = torch.Generator().manual_seed(0)
    seen: list[Any] = []
    for _ in range(steps):
        actions = 2.0 * torch.rand(env.num_envs, 1, generator=generator) - 1.0
        observations, reward, terminated, truncated, extras = env.step(actions)
        done = terminated | truncated
        final = {name: value[done] for name, value in extras.pop("final_obs", {}).items()}
        log = extras.pop("log", {})
        extras.pop("draws", None)  # a record for evaluations, which run in one process
        seen.append((observations, reward, terminated, truncated, extras, final, env.episode_length_buf.clone()))
        seen.append({name: round(float(value), 4) for name, value in log.items()})
    return seen


def test_two_processes_give_what_one_gives(pendulum_env: Any, two_processes: Any):
    for env in (pendulum_env, two_processes):
        env.raw_observations = False
    starts = [env.reset(seed=3)[0] for env in (pendulum_env, two_processes)]
    assert not bit_differences(*starts)
    first, second = (rollout(env, 250) for env in (pendulum_env, two_processes))
    assert not bit_differences(first, second)
    ended = sum(int((step[2] | step[3]).sum()) for step in first[::2])
    assert ended > 8  # in most of these steps in one process only


def test_a_saved_state_goes_on_in_the_same_way(two_processes: Any):
    two_processes.reset(seed=4)
    rollout(two_processes, 20)
    state = two_processes.state_dict()
    expected = rollout(two_processes, 60)
    two_processes.load_state_dict(state)
    assert not bit_differences(expected, rollout(two_processes, 60))


def test_evaluation_gives_each_env_its_own_episodes(pendulum_env: Any, two_processes: Any):
    hashes = [env.reset(seed=5, options={"evaluation": True})[1]["init_hash"] for env in (pendulum_env, two_processes)]
    assert hashes[0] == hashes[1]
    for env in (pendulum_env, two_processes):
        env.reset(seed=5)


def test_observations_come_raw_when_asked_for(pendulum_env: Any, two_processes: Any):
    raw = []
    for env in (pendulum_env, two_processes):
        env.reset(seed=6)
        env.raw_observations = True
        raw.append(env.get_observations())
        env.raw_observations = False
    assert not bit_differences(*raw)
    assert not torch.equal(raw[0]["policy"], pendulum_env.get_observations()["policy"])


def test_a_state_of_another_number_of_shards_is_refused(pendulum_env: Any, two_processes: Any):
    with pytest.raises(GenelabError, match="1 shards, this environment 2"):
        two_processes.load_state_dict(pendulum_env.state_dict())


def test_observers_are_refused(two_processes: Any):
    two_processes.step_observers.append(lambda view: None)
    with pytest.raises(GenelabError, match="shards to 1"):
        two_processes.step(torch.zeros(8, 1))
    two_processes.step_observers.clear()


def test_a_killed_process_is_named(two_processes: Any):
    victim = two_processes._shards[1]
    os.kill(victim._process.pid, signal.SIGKILL)
    with pytest.raises(GenelabError, match="envs 4 to 7 ended with status -9"):
        two_processes.step(torch.zeros(8, 1))


def test_more_shards_than_envs_are_refused():
    with pytest.raises(UsageError, match="3 shards for 2 envs"):
        sharded(2, 3)


def test_shards_on_a_gpu_are_refused():
    with pytest.raises(UsageError, match="for the CPU"):
        sharded(8, 2, gpu=True)
