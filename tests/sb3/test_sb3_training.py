from __future__ import annotations

import numpy as np
import pytest
import torch
from sb3_runs import ALGORITHMS, small_agent, small_env, train

from genelab.utils.errors import UsageError
from genelab_backend_sb3 import Sb3PolicyCfg
from genelab_backend_sb3.archive import read_archive
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_sb3.networks import RunningNormalizer
from genelab_backend_sb3.vec_env import Sb3VecEnv


def test_training_writes_a_checkpoint_at_each_interval_and_a_final_one(tmp_path):
    result = train(tmp_path, 576)
    models = sorted(path.name for path in tmp_path.glob("model*.zip"))
    assert models == ["model.zip", "model_240_steps.zip", "model_480_steps.zip", "model_576_steps.zip"]
    assert Sb3Backend().checkpoints(tmp_path) == [tmp_path / f"model_{steps}_steps.zip" for steps in (240, 480, 576)]
    assert (result.checkpoint.name, result.iteration, result.env_steps) == ("model_576_steps.zip", 576, 576)
    last, final = read_archive(result.checkpoint), read_archive(tmp_path / "model.zip")
    assert all(torch.equal(last.weights["policy"][name], value) for name, value in final.weights["policy"].items())


def test_a_budget_is_filled_up_to_a_whole_rollout(tmp_path):
    assert train(tmp_path, 50).env_steps == 2 * 6 * 8


def test_the_library_itself_reads_what_was_written(tmp_path):
    from stable_baselines3 import SAC

    agent = small_agent("SAC")
    train(tmp_path, 160, agent=agent)
    model = SAC.load(tmp_path / "model.zip", device="cpu")
    setup = Sb3Backend().load(tmp_path / "model.zip", agent, small_env())
    observations = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    actions, _ = model.predict(observations, deterministic=True)
    assert np.allclose(actions, setup.actor(torch.from_numpy(observations)).detach().numpy(), atol=1e-6)


OFF_POLICY = {
    "learning_rate": 3e-3,
    "batch_size": 128,
    "buffer_size": 64 * 160,
    "learning_starts": 640,
    "discount_factor": 0.1,
    "tau": 0.05,
    "policy": Sb3PolicyCfg(net_arch=(64, 64), obs_normalization=True),
}


@pytest.mark.parametrize(
    ("algorithm", "steps", "fields"),
    [
        ("PPO", 64 * 20 * 12, {"n_steps": 20, "batch_size": 320, "n_epochs": 5, "learning_rate": 1e-2}),
        ("A2C", 64 * 5 * 150, {"n_steps": 5, "learning_rate": 3e-3}),
        ("SAC", 64 * 160, {**OFF_POLICY, "extra_kwargs": {"gradient_steps": 4, "ent_coef": 0.02}}),
        ("TD3", 64 * 160, {**OFF_POLICY, "extra_kwargs": {"gradient_steps": 4}}),
        ("DDPG", 64 * 160, {**OFF_POLICY, "extra_kwargs": {"gradient_steps": 4}}),
    ],
)
def test_training_teaches_to_follow_the_goal(tmp_path, algorithm, steps, fields):
    agent = small_agent(algorithm, save_interval=10**6, **fields)
    env = small_env(64, success_probability=1.0, action_cost=3.0)
    checkpoint = train(tmp_path, steps, agent=agent, env=env).checkpoint
    env.reset()
    actions = Sb3Backend().load(checkpoint, agent, env).actor(env.get_observations()["policy"])
    assert (actions - env.goal).square().mean() < 0.15
    assert env.goal.square().mean() > 0.3


def test_the_environments_own_log_reaches_the_scalars(tmp_path):
    seen = {}
    train(tmp_path, 144, on_iteration=lambda iteration, env_steps, scalars: seen.update(scalars))
    assert 0 < seen["Metrics/goal_distance"] < 10
    assert 1 <= seen["length_mean"] <= 10
    assert seen["return_mean"] == seen["Train/mean_reward"]
    assert seen["Perf/total_fps"] > 0
    assert "train/value_loss" in seen
    assert 0 < seen["Train/success_rate"] < 1


def test_a_task_that_reports_no_success_has_no_success_rate(tmp_path):
    seen = {}
    env = small_env(success_probability=None)
    train(tmp_path, 144, env=env, on_iteration=lambda iteration, env_steps, scalars: seen.update(scalars))
    assert "return_mean" in seen and "Train/success_rate" not in seen


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_actions_stay_within_the_bound(tmp_path, algorithm):
    env, largest = small_env(), []
    env.step_observers.append(lambda view: largest.append(float(view.action.abs().max())))
    train(tmp_path, 160, agent=small_agent(algorithm, clip_actions=0.25, action_noise=5.0), env=env)
    assert 0.2 < max(largest) <= 0.25


def test_warm_up_actions_are_uniform_and_differ_between_envs_and_steps(tmp_path):
    env, seen = small_env(64), []
    env.step_observers.append(lambda view: seen.append(view.action.clone()))
    train(tmp_path, 64 * 20, agent=small_agent("SAC", learning_starts=64 * 20), env=env)
    actions = torch.stack(seen).flatten()
    assert len(actions.unique()) > 0.99 * len(actions)
    assert abs(float(actions.mean())) < 0.05
    assert abs(float(actions.std()) - 3**-0.5) < 0.05


def test_an_unknown_observation_group_is_named_with_its_neighbours():
    with pytest.raises(UsageError, match=r"unknown observation group 'polcy'[\s\S]*policy"):
        Sb3VecEnv(small_env(), small_agent(obs_groups=("polcy",)))


def test_groups_are_laid_side_by_side(tmp_path):
    env, agent = small_env(), small_agent(obs_groups=("critic", "policy"))
    observations = Sb3VecEnv(env, agent).reset()
    expected = env.get_observations()
    assert np.array_equal(observations, torch.cat([expected["critic"], expected["policy"]], dim=1).numpy())
    setup = Sb3Backend().load(train(tmp_path, 48, agent=agent).checkpoint, agent, small_env())
    assert (setup.obs_groups, setup.actor_input_dim) == (("critic", "policy"), 8)


def test_the_statistics_of_parts_are_those_of_the_whole():
    data = torch.randn(1000, 3) * torch.tensor([1.0, 5.0, 0.1]) + torch.tensor([0.0, 100.0, -3.0])
    normalizer = RunningNormalizer(3)
    for part in data.split([1, 10, 300, 689]):
        variance, mean = torch.var_mean(part, dim=0, correction=0)
        normalizer.merge(mean, variance, len(part))
    assert int(normalizer.count) == 1000
    assert torch.allclose(normalizer.mean, data.mean(dim=0), rtol=1e-4)
    assert torch.allclose(normalizer.variance, data.var(dim=0, correction=0), rtol=1e-3)
    normal = normalizer(data)
    assert torch.allclose(normal.std(dim=0), torch.ones(3), atol=1e-2)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_network_sees_the_same_statistics_of_all_observations(tmp_path, algorithm):
    result = train(tmp_path, 240, agent=small_agent(algorithm))
    weights = read_archive(result.checkpoint).weights["policy"]
    counts = {name: int(value) for name, value in weights.items() if name.endswith("normalizer.count")}
    assert set(counts.values()) == {240}
    means = [value for name, value in weights.items() if name.endswith("normalizer.mean")]
    assert len(means) >= 3
    assert all(torch.equal(mean, means[0]) for mean in means)


def test_a_rollout_that_does_not_fill_its_mini_batches_is_announced_once_and_plainly(tmp_path, caplog, recwarn):
    with caplog.at_level("WARNING"):
        train(tmp_path, 48, agent=small_agent(batch_size=36))
    assert [record.message for record in caplog.records] == [
        "a rollout has 48 samples: its last mini-batch has 12 of 36 (agent.batch_size)"
    ]
    assert not [warning for warning in recwarn if "mini-batch" in str(warning.message)]
