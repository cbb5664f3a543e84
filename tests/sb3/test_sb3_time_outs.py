"""Episodes that the time limit cuts off are bootstrapped from their terminal observation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sb3_runs import small_agent, small_env, train

from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.vec_env import Sb3VecEnv


def stepped(agent, env, steps):
    """Return the algorithm, the wrapper and what it returned in the last of `steps` steps with zero actions."""
    wrapper = Sb3VecEnv(env, agent)
    algorithm = build_algorithm(agent, wrapper)
    wrapper.reset()
    for _ in range(steps):
        last = wrapper.step(np.zeros((env.num_envs, 2), dtype=np.float32))
    return algorithm, wrapper, last


def test_the_value_of_the_terminal_observation_is_added_to_the_last_reward():
    agent = small_agent()
    plain = small_env(success_probability=0.5, failure_steps=(10, 10))
    finals = {}

    def step(actions, step=plain.step):
        result = step(actions)
        finals.update(result[4].get("final_obs", {}), reward=result[1], truncated=result[3])
        return result

    plain.step = step
    algorithm, _, (_, rewards, dones, infos) = stepped(agent, plain, 10)
    assert dones.all()
    truncated = finals["truncated"]
    assert 0 < int(truncated.sum()) < 8
    with torch.no_grad():
        values = algorithm.policy.predict_values(finals["policy"]).flatten()
    expected = finals["reward"] + 0.99 * torch.where(truncated, values, 0.0)
    assert np.allclose(rewards, expected.numpy(), atol=1e-6)
    # The library, which does the same one env after the other, finds nothing left to do.
    assert all(info.get("terminal_observation") is None for info in infos)


def test_the_rewards_of_the_environment_stay_as_they_are():
    env, rewards = small_env(success_probability=1.0), []

    def step(actions, step=env.step):
        result = step(actions)
        rewards.append((result[1], result[1].clone()))
        return result

    env.step = step
    _, _, (_, seen, _, _) = stepped(small_agent(), env, 10)
    assert not np.allclose(seen, rewards[-1][0].numpy())
    assert all(torch.equal(now, then) for now, then in rewards)


def test_a_replay_buffer_holds_terminal_observations_and_tells_time_outs_from_failures(tmp_path):
    from genelab_backend_sb3 import runner

    made = []

    class Kept(runner.Runner):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    env = small_env(success_probability=0.5, failure_steps=(4, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Runner", Kept)
        train(tmp_path, 8 * 30, agent=small_agent("SAC", policy={"net_arch": (16,)}), env=env)
    buffer = made[0].algorithm.replay_buffer
    done, timed_out = buffer.dones[:30] > 0, buffer.timeouts[:30] > 0
    assert timed_out.any() and (done & ~timed_out).any()
    progress = 2  # column of the term that counts steps, in shares of an episode
    successors = buffer.next_observations[:30, :, progress]
    assert np.allclose(successors[timed_out], 1.0)
    assert np.allclose(successors[done & ~timed_out], 0.4)
    before = buffer.observations[:30, :, progress]
    assert np.allclose(successors, before + 0.1, atol=1e-6)


def test_what_was_handed_out_does_not_change_in_later_steps():
    """Also where the environment writes into the same memory in each step."""
    env = small_env()
    buffer = {name: value.clone() for name, value in env.reset()[0].items()}

    def step(actions, step=env.step):
        observations, *rest = step(actions)
        for name, value in observations.items():
            buffer[name].copy_(value)
        return (buffer, *rest)

    env.step = step
    wrapper = Sb3VecEnv(env, small_agent())
    wrapper.reset()
    first = wrapper.step(np.zeros((8, 2), dtype=np.float32))[0]
    copy = first.copy()
    second = wrapper.step(np.zeros((8, 2), dtype=np.float32))[0]
    assert np.array_equal(first, copy)
    assert not np.array_equal(first, second)
