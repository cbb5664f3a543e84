"""Hindsight experience replay over goal-conditioned observations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sb3_runs import small_agent, small_env, train
from test_sb3_resume import everything

from genelab.config.serialization import from_json, to_json
from genelab.eval.protocol import evaluate_policy
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.rl.policy import ActorPolicy
from genelab.testing import bit_differences
from genelab.testing.goal_env import GoalEnv, sparse_reward
from genelab.utils.errors import UsageError
from genelab_backend_sb3 import Sb3AgentCfg, Sb3HerCfg, Sb3PolicyCfg
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.vec_env import Sb3VecEnv

GOALS = ("observation", "achieved_goal", "desired_goal")


def her_agent(algorithm: str = "SAC", *, her: dict[str, Any] | None = None, **fields: Any) -> Sb3AgentCfg:
    cfg = Sb3HerCfg(**{"enabled": True, "compute_reward": sparse_reward, **(her or {})})
    return small_agent(algorithm, her=cfg, **fields)


@pytest.mark.parametrize("strategy", ["future", "final", "episode"])
@pytest.mark.parametrize("algorithm", ["SAC", "TD3", "DDPG"])
def test_relabelling_trains_saves_and_acts(tmp_path, algorithm, strategy):
    agent = her_agent(algorithm, her={"goal_selection_strategy": strategy})
    assert from_json(to_json(agent)) == agent
    checkpoint = train(tmp_path, 240, agent=agent, env=GoalEnv()).checkpoint
    setup = Sb3Backend().load(checkpoint, agent, GoalEnv())
    assert (setup.obs_groups, setup.actor_input_dim) == (GOALS, 7)


@pytest.mark.parametrize("algorithm", ["SAC", "TD3", "DDPG"])
def test_the_actor_reads_the_groups_in_the_documented_order(tmp_path, algorithm):
    """The library sorts the keys of a dict; observation, achieved goal, desired goal is what files of ours take."""
    agent, env = her_agent(algorithm), GoalEnv()
    checkpoint = train(tmp_path, 240, agent=agent, env=env).checkpoint
    setup = Sb3Backend().load(checkpoint, agent, env)
    model = build_algorithm(agent, Sb3VecEnv(env, agent))
    from genelab_backend_sb3.archive import read_archive

    model.policy.load_state_dict(read_archive(checkpoint).weights["policy"])
    observations = {name: torch.randn(64, width) for name, width in zip(GOALS, (3, 2, 2), strict=True)}
    arrays = {name: value.numpy() for name, value in observations.items()}
    expected, _ = model.predict(arrays, deterministic=True)
    flat = torch.cat([observations[name] for name in GOALS], dim=1)
    assert np.allclose(setup.actor(flat).detach().numpy(), expected, atol=1e-6)
    other = torch.cat([observations[name] for name in reversed(GOALS)], dim=1)
    assert not np.allclose(setup.actor(other).detach().numpy(), expected, atol=1e-3)


@pytest.mark.parametrize("format", ["torchscript", "onnx"])
def test_an_exported_actor_acts_as_the_checkpoint_does(tmp_path, format):
    from genelab.plugins.catalog import get_catalog

    agent, env = her_agent(), GoalEnv()
    setup = Sb3Backend().load(train(tmp_path, 160, agent=agent, env=env).checkpoint, agent, env)
    catalog = get_catalog()
    spec = catalog.exporter(format)
    path = tmp_path / f"policy{spec.suffix}"
    export_policy(setup, env, path, task="Goal-v0", exporter=catalog.load(spec, spec.exporter)(), format=spec.format)
    observations, _ = env.reset()
    expected = ActorPolicy(setup, env.observation_layout)(observations)
    torch.testing.assert_close(ExportedPolicy(path)(observations), expected, rtol=0, atol=1e-5)
    policies = ActorPolicy(setup, env.observation_layout), ExportedPolicy(path)
    live, scored = (evaluate_policy(GoalEnv(), policy, episodes=96, seed=0).rows for policy in policies)
    assert [row["return"] for row in scored] == pytest.approx([row["return"] for row in live], abs=1e-6)
    assert len({row["return"] for row in live}) > 1


@pytest.mark.parametrize("steps", [200, 232])  # between episodes, and within one
def test_a_run_and_its_continuation_equal_a_straight_run_bitwise(tmp_path, steps):
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    agent = her_agent(save_interval=steps)
    train(straight, 2 * steps, agent=agent, env=GoalEnv())
    train(parts, steps, agent=agent, env=GoalEnv())
    np.random.rand(5)
    train(parts, 2 * steps, agent=agent, env=GoalEnv(), resume=parts / f"model_{steps}_steps.zip")
    assert bit_differences(everything(straight, 2 * steps), everything(parts, 2 * steps)) == []


def test_relabelled_transitions_have_the_rewards_of_their_goals_and_stay_within_their_episode(tmp_path):
    agent, env = her_agent(her={"n_sampled_goal": 1000}), GoalEnv()
    wrapper = Sb3VecEnv(env, agent)
    model = build_algorithm(agent, wrapper)
    model._last_obs = wrapper.reset()
    for _ in range(24):
        actions = np.random.uniform(-1, 1, (8, 2)).astype(np.float32)
        model._store_transition(model.replay_buffer, actions, *wrapper.step(actions))
    sample = model.replay_buffer.sample(500)
    goals, reached = sample.observations["desired_goal"], sample.next_observations["achieved_goal"]
    assert torch.equal(sample.rewards.flatten(), sparse_reward(reached, goals, {}))
    assert (sample.rewards == 0).float().mean() > 0.1
    # A terminal observation belongs to its episode: one step moves by 0.4 at most.
    moved = (reached - sample.observations["achieved_goal"]).abs().max()
    assert 0.0 < moved <= 0.4 + 1e-6
    assert not sample.dones.any()  # time-outs are bootstrapped


def shift(observation, old_goal, new_goal):
    return torch.cat((observation[:, :2] + new_goal - old_goal, observation[:, 2:]), dim=1)


def test_an_observation_that_speaks_of_the_goal_is_relabelled_with_it():
    agent, env = her_agent(her={"n_sampled_goal": 1000, "relabel_observation": shift}), GoalEnv()
    model = build_algorithm(agent, Sb3VecEnv(env, agent))
    buffer = model.replay_buffer
    for step in range(16):  # an observation that is the way to the goal
        position, goal = np.random.rand(2, 8, 2).astype(np.float32)
        state = np.concatenate((goal - position, np.zeros((8, 1), np.float32)), axis=1)
        row = {"observation": state, "achieved_goal": position, "desired_goal": goal}
        done = np.full(8, step % 8 == 7)
        buffer.add(row, row, np.zeros((8, 2)), np.zeros(8), done, [{}] * 8)
    sample = buffer.sample(400)
    for part in (sample.observations, sample.next_observations):
        way = part["desired_goal"] - part["achieved_goal"]
        torch.testing.assert_close(part["observation"][:, :2], way, atol=1e-6, rtol=0)


@pytest.mark.parametrize("steps", [9, 12, 30])
def test_samples_are_uniform_over_the_transitions_of_ended_episodes(steps):
    agent, env = her_agent(buffer_size=8 * 20), GoalEnv()
    buffer = build_algorithm(agent, Sb3VecEnv(env, agent)).replay_buffer
    for step in range(steps):
        row = {name: np.full((8, 2 + (name == "observation")), step, np.float32) for name in GOALS}
        buffer.add(row, row, np.zeros((8, 2)), np.zeros(8), np.full(8, step % 8 == 7), [{}] * 8)
    rows, envs = buffer._draw(40_000)
    counts = np.zeros((20, 8))
    np.add.at(counts, (rows, envs), 1)
    valid = buffer.ep_length > 0
    assert counts[~valid].sum() == 0 and valid.any()
    expected = 40_000 / valid.sum()
    assert np.abs(counts[valid] - expected).max() < 6 * expected**0.5


def test_sampling_before_an_episode_ended_says_so():
    agent, env = her_agent(), GoalEnv()
    buffer = build_algorithm(agent, Sb3VecEnv(env, agent)).replay_buffer
    row = {name: np.zeros((8, 2 + (name == "observation")), np.float32) for name in GOALS}
    buffer.add(row, row, np.zeros((8, 2)), np.zeros(8), np.zeros(8), [{}] * 8)
    with pytest.raises(RuntimeError, match="no episode has ended yet"):
        buffer.sample(4)


def test_relabelling_solves_what_sparse_rewards_alone_hardly_teach(tmp_path):
    agent = her_agent(
        save_interval=10**6,
        learning_rate=3e-3,
        batch_size=256,
        buffer_size=64 * 200,
        discount_factor=0.8,
        tau=0.05,
        policy=Sb3PolicyCfg(net_arch=(64, 64), obs_normalization=True),
        extra_kwargs={"ent_coef": 0.05, "gradient_steps": 3},
    )
    checkpoint = train(tmp_path, 64 * 120, agent=agent, env=GoalEnv(64)).checkpoint
    env = GoalEnv(256, seed=1)
    policy = ActorPolicy(Sb3Backend().load(checkpoint, agent, env), env.observation_layout)
    observations, _ = env.reset()
    for _ in range(8):
        observations, _, _, _, extras = env.step(policy(observations))
    assert extras["is_success"].float().mean() > 0.8


def test_learning_waits_for_the_first_episodes(tmp_path, caplog):
    with caplog.at_level("WARNING"):
        train(tmp_path, 240, agent=her_agent(learning_starts=0), env=GoalEnv())
    assert "learning starts after 72 steps, not 0" in caplog.text


def test_a_task_without_goals_is_refused_before_there_is_an_environment():
    with pytest.raises(UsageError, match=r"needs a task with goals[\s\S]*groups of the task: policy, critic"):
        Sb3Backend().validate(her_agent(), 8, small_env().cfg)


def test_a_replay_buffer_shorter_than_an_episode_is_refused_before_there_is_an_environment():
    with pytest.raises(UsageError, match=r"64 transitions for 8 envs is shorter than an episode of 8 steps"):
        Sb3Backend().validate(her_agent(buffer_size=64), 8, GoalEnv().cfg)
    Sb3Backend().validate(her_agent(buffer_size=72), 8, GoalEnv().cfg)


def test_goals_are_plain_observations_without_relabelling(tmp_path):
    env = GoalEnv()
    agent = Sb3Backend().default_config(env.cfg)
    assert agent.obs_groups == GOALS
    setup = Sb3Backend().load(train(tmp_path, 192, agent=agent, env=env).checkpoint, agent, env)
    assert setup.actor_input_dim == 7
