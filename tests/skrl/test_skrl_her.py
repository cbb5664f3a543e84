"""Hindsight experience replay in skrl's memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from skrl_runs import small_agent, small_env, train
from test_skrl_resume import everything, folders

from genelab.config.serialization import from_json, to_json
from genelab.rl.policy import ActorPolicy
from genelab.testing import GoalEnv, bit_differences
from genelab.testing.goal_env import STEP, sparse_reward
from genelab.utils.errors import GenelabError, UsageError
from genelab_backend_skrl import SkrlAgentCfg, SkrlHerCfg
from genelab_backend_skrl.backend import SkrlBackend
from genelab_backend_skrl.build import build_agent
from genelab_backend_skrl.hindsight import HindsightMemory
from genelab_backend_skrl.vec_env import spaces_of
from genelab_backend_skrl.weights import checkpoint_files

GOALS = ("observation", "achieved_goal", "desired_goal")
NAMES = ["observations", "states", "actions", "rewards", "next_observations", "next_states", "terminated"]


def her_agent(algorithm: str = "SAC", *, her: dict[str, Any] | None = None, **fields: Any) -> SkrlAgentCfg:
    cfg = SkrlHerCfg(**{"enabled": True, "compute_reward": sparse_reward, **(her or {})})
    table = {"obs_group": GOALS, "state_group": GOALS[::-1], "learning_starts": 8, "replay_size": 8 * 20, **fields}
    return small_agent(algorithm, her=cfg, **table)


def empty_memory(agent: SkrlAgentCfg) -> HindsightMemory:
    env: Any = GoalEnv()
    spaces = spaces_of(env, agent.obs_group, agent.state_group)
    memory = build_agent(agent, spaces, env.observation_layout, 8).memory
    assert isinstance(memory, HindsightMemory)
    return memory


def store(memory: HindsightMemory, steps: int, done_every: int | list[int] = 8) -> None:
    """Store random walks of the points; the goal lies at 9, so that no recorded transition reaches it."""
    lengths = torch.tensor(done_every).expand(8)
    position, elapsed = torch.zeros(8, 2), torch.zeros(8, dtype=torch.long)
    for step in range(steps):
        after = position + STEP * (2 * torch.rand(8, 2) - 1)
        inputs, successors = inputs_of(position, step), inputs_of(after, step + 1)
        memory.add_samples(
            observations=inputs,
            states=inputs[:, [5, 6, 3, 4, 0, 1, 2]],
            actions=torch.zeros(8, 2),
            rewards=torch.full((8, 1), -1.0),
            next_observations=successors,
            next_states=successors[:, [5, 6, 3, 4, 0, 1, 2]],
            terminated=torch.zeros(8, 1, dtype=torch.bool),
        )
        elapsed += 1
        done = elapsed == lengths
        memory.end_episodes(done)
        elapsed[done] = 0
        position = torch.where(done[:, None], torch.rand(8, 2), after)


def inputs_of(position: torch.Tensor, step: int) -> torch.Tensor:
    return torch.cat((position, torch.full((8, 1), float(step)), position, torch.full((8, 2), 9.0)), dim=1)


@pytest.mark.parametrize("algorithm", ["SAC", "TD3", "DDPG"])
def test_a_continued_training_equals_a_straight_one_bitwise(tmp_path, algorithm):
    """Half way an episode is running; at the end the memory has come round."""
    straight, parts = folders(tmp_path, "straight", "parts")
    agent = her_agent(algorithm, save_interval=13)
    assert from_json(to_json(agent)) == agent
    train(straight, 26, agent=agent, env=GoalEnv())
    train(parts, 13, agent=agent, env=GoalEnv())
    torch.rand(5)
    train(parts, 26, agent=agent, env=GoalEnv(), resume=checkpoint_files(parts).model(13))
    assert bit_differences(everything(straight, 26), everything(parts, 26)) == []
    memory = everything(parts, 26)["state"]["memory"]
    assert memory["filled"] and memory["running"].tolist() == [2] * 8


def test_relabelled_transitions_have_the_rewards_of_their_goals_and_stay_within_their_episode():
    memory = empty_memory(her_agent(her={"n_sampled_goal": 1000}))
    store(memory, 18)
    batch = dict(zip(NAMES, memory.sample(NAMES, batch_size=2000)[0], strict=True))
    relabelled = 1998
    goals, reached = batch["observations"][:relabelled, 5:], batch["next_observations"][:relabelled, 3:5]
    assert torch.equal(batch["rewards"][:relabelled, 0], sparse_reward(reached, goals, {}))
    assert (batch["rewards"] == 0.0).float().mean() > 0.2
    assert (goals != 9.0).all() and (batch["observations"][relabelled:, 5:] == 9.0).all()
    for name in ("next_observations", "states", "next_states"):
        desired = slice(0, 2) if "states" in name else slice(5, 7)
        assert torch.equal(batch[name][:relabelled, desired], goals), name
    # A goal is a place that was reached at or after the transition and before the episode's end.
    places = memory.tensors["next_observations"]
    lags = set()
    for row, goal in zip(batch["observations"][:300], goals, strict=False):
        step = int(row[2])
        end = step - step % 8 + 8
        found = (places[step:end, :, 3:5] == goal).all(dim=2).any(dim=1).nonzero()
        assert step < 16 and len(found) == 1
        lags.add(int(found))
    assert lags == set(range(8))


@pytest.mark.parametrize("steps", [9, 12, 30, 45])
@pytest.mark.parametrize("lengths", [8, [3, 4, 5, 6, 7, 8, 9, 10]])
def test_samples_are_uniform_over_the_transitions_of_ended_episodes(steps, lengths):
    memory = empty_memory(her_agent())
    store(memory, steps, lengths)
    stored, ends = min(steps, 20), torch.tensor(lengths).expand(8)
    newest = steps - 1 - torch.arange(stored)  # global steps that the memory still holds
    episode_ends = (newest[:, None] // ends + 1) * ends
    expected = {
        (int(step) % 20, env) for i, step in enumerate(newest) for env in range(8) if episode_ends[i, env] <= steps
    }
    drawn = memory._draw(40_000)
    places, counts = drawn.unique(return_counts=True)
    assert {(int(place) // 8, int(place) % 8) for place in places} == expected
    mean = 40_000 / len(expected)
    assert (counts - mean).abs().max() < 6 * mean**0.5


def test_followers_count_what_an_episode_still_holds():
    memory = empty_memory(her_agent())
    store(memory, 13, [3, 4, 5, 6, 7, 8, 9, 10])
    of_three, of_eight = [2, 1, 0], [7, 6, 5, 4, 3, 2, 1, 0]
    assert memory.followers[:13, 0].tolist() == [*of_three * 4, -1]
    assert memory.followers[:13, 1].tolist() == [*[3, 2, 1, 0] * 3, -1]
    assert memory.followers[:13, 5].tolist() == [*of_eight, *[-1] * 5]
    assert memory.running.tolist() == [1, 1, 3, 1, 6, 5, 4, 3]


def shift(observation, old_goal, new_goal):
    return torch.cat((observation[:, :2] + new_goal - old_goal, observation[:, 2:]), dim=1)


def test_an_observation_that_speaks_of_the_goal_is_relabelled_with_it():
    memory = empty_memory(her_agent(her={"n_sampled_goal": 1000, "relabel_observation": shift}))
    store(memory, 16)
    for name in ("observations", "next_observations"):
        sample = memory.sample(NAMES, batch_size=500)[0][NAMES.index(name)]
        # What was the position is now the position and the way from the old goal to the new one.
        torch.testing.assert_close(sample[:, :2] - sample[:, 3:5], sample[:, 5:] - 9.0, atol=1e-5, rtol=0)


def test_sampling_before_an_episode_ended_says_so():
    memory = empty_memory(her_agent())
    store(memory, 7)
    with pytest.raises(GenelabError, match="no episode has ended yet"):
        memory.sample(NAMES, batch_size=4)


def test_relabelling_solves_what_sparse_rewards_alone_hardly_teach(tmp_path):
    agent = her_agent(
        models={"hidden_dims": (64, 64)},
        save_interval=10**6,
        learning_rate=3e-3,
        batch_size=256,
        replay_size=64 * 200,
        discount_factor=0.8,
        polyak=0.05,
        gradient_steps=3,
        learn_entropy=False,
        initial_entropy_value=0.05,
    )
    checkpoint = train(tmp_path, 120, agent=agent, env=GoalEnv(64)).checkpoint
    env: Any = GoalEnv(256, seed=1)
    policy = ActorPolicy(SkrlBackend().load(checkpoint, agent, env), env.observation_layout)
    observations, _ = env.reset()
    for _ in range(8):
        observations, _, _, _, extras = env.step(policy(observations))
    assert extras["is_success"].float().mean() > 0.8


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"algorithm": "PPO", "max_iterations": 60}, "PPO has no replay memory"),
        ({"her": {"compute_reward": None}}, "no function that gives the rewards"),
        ({"obs_group": ("observation", "desired_goal")}, r"needs achieved_goal in agent\.obs_group"),
        ({"state_group": "observation"}, r"needs achieved_goal, desired_goal in agent\.state_group"),
        ({"replay_size": 64}, "64 transitions for 8 envs is shorter than an episode of 8 steps"),
        ({"learning_starts": 7}, r"learning starts after 7[\s\S]*--agent.learning_starts 8"),
    ],
)
def test_what_cannot_work_is_refused_before_there_is_an_environment(fields, message):
    with pytest.raises(UsageError, match=message):
        SkrlBackend().validate(her_agent(**fields), 8, GoalEnv().cfg)


def test_a_task_without_goals_is_refused():
    with pytest.raises(UsageError, match="observation"):
        SkrlBackend().validate(her_agent(), 8, small_env().cfg)
