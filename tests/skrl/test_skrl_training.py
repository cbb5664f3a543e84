from __future__ import annotations

import pytest
import torch
from skrl_runs import ALGORITHMS, small_agent, small_env, train

from genelab.rl.checkpoint import load_checkpoint
from genelab.utils.errors import UsageError
from genelab_backend_skrl.backend import SkrlBackend
from genelab_backend_skrl.build import build_agent, build_policy
from genelab_backend_skrl.vec_env import SkrlVecEnv, spaces_of

GROUPS = (("policy",), ("critic",))


def test_training_writes_a_checkpoint_at_each_interval_and_at_the_end(tmp_path):
    result = train(tmp_path, 50)
    folder = tmp_path / "checkpoints"
    assert SkrlBackend().checkpoints(tmp_path) == [folder / f"agent_{timestep}.pt" for timestep in (20, 40, 50)]
    assert result.checkpoint == folder / "agent_50.pt"
    assert (result.iteration, result.env_steps, result.stopped) == (50, 50 * 8, False)
    assert not list(tmp_path.glob("*.pt"))


def test_a_folder_without_checkpoints_has_none(tmp_path):
    assert SkrlBackend().checkpoints(tmp_path) == []


def test_a_checkpoint_holds_every_normaliser_and_the_entropy_coefficient(tmp_path):
    for name in ("ppo", "sac"):
        (tmp_path / name).mkdir()
    ppo, _ = load_checkpoint(train(tmp_path / "ppo", 6).checkpoint)
    assert {"observation_preprocessor", "state_preprocessor", "value_preprocessor"} <= ppo.keys()
    assert ppo["observation_preprocessor"]["current_count"] == 1 + 48
    sac, _ = load_checkpoint(train(tmp_path / "sac", 30, agent=small_agent("SAC")).checkpoint)
    assert sac["entropy_coefficient"]["log"].exp() != pytest.approx(0.2)


@pytest.mark.parametrize(
    ("algorithm", "steps", "fields"),
    [
        ("PPO", 600, {"learning_rate": 3e-3, "rollouts": 20, "learning_epochs": 5}),
        ("A2C", 1600, {"learning_rate": 5e-3, "rollouts": 5, "mini_batches": 1}),
        ("SAC", 400, {"learning_rate": 3e-3}),
        ("TD3", 400, {"learning_rate": 3e-3}),
        ("DDPG", 400, {"learning_rate": 3e-3}),
    ],
)
def test_training_improves_the_return(tmp_path, algorithm, steps, fields):
    """Following the goal returns 10 in an episode of 10 steps."""
    returns = []

    def on_iteration(iteration, env_steps, scalars):
        if "return_mean" in scalars:
            returns.append(scalars["return_mean"])

    env = small_env(64, success_probability=1.0, action_cost=3.0)
    agent = small_agent(
        algorithm,
        save_interval=10_000,
        replay_size=64 * 200,
        batch_size=128,
        discount_factor=0.9,
        logger="none",
        models={"hidden_dims": (32,), "log_std": -1.0},
        **fields,
    )
    train(tmp_path, steps, agent=agent, env=env, on_iteration=on_iteration)
    assert returns[0] < 4
    assert returns[-1] > 7


def test_the_environments_own_log_and_the_librarys_losses_reach_the_scalars(tmp_path):
    for algorithm in ALGORITHMS:
        seen = {}
        (tmp_path / algorithm).mkdir()
        train(
            tmp_path / algorithm,
            30,
            agent=small_agent(algorithm),
            on_iteration=lambda iteration, steps, scalars, seen=seen: seen.update(scalars),
        )
        assert 0 < seen["Metrics/goal_distance"] < 10
        assert 1 <= seen["length_mean"] <= 10
        assert seen["return_mean"] == seen["Train/mean_reward"]
        assert seen["Perf/total_fps"] > 0
        assert "Loss / Policy loss" in seen
        assert {"Loss / Value loss", "Loss / Critic loss"} & seen.keys()


def test_actions_are_clipped_on_their_way_to_the_environment_only(tmp_path):
    env, seen = small_env(), []
    env.step_observers.append(lambda view: seen.append(view.action))
    wrapper = SkrlVecEnv(env, *GROUPS, clip_actions=0.5)
    actions = torch.full((8, 2), 2.0)
    wrapper.step(actions)
    assert seen[0].eq(0.5).all()
    assert actions.eq(2.0).all()


def test_uniform_exploration_draws_new_actions_in_each_step():
    """The library's own hands out the same batch for ever."""
    env, seen = small_env(), []
    env.step_observers.append(lambda view: seen.append(view.action))
    policy = build_policy(small_agent("SAC"), spaces_of(env, *GROUPS))
    first, second = (policy.random_act({"observations": torch.zeros(1000, 5)})[0] for _ in range(2))
    assert not torch.equal(first, second)
    assert first.min() < -0.95 and first.max() > 0.95 and first.abs().max() <= 1.0


def test_the_critic_reads_other_observations_than_the_policy():
    env = small_env()
    agent = build_agent(small_agent(), spaces_of(env, *GROUPS), env.observation_layout, 8)
    assert agent.models["policy"].hidden[0].in_features == 5
    assert agent.models["value"].hidden[0].in_features == 3
    both = build_agent(small_agent("SAC"), spaces_of(env, ("policy", "critic"), ("critic",)), env.observation_layout, 8)
    assert both.models["policy"].hidden[0].in_features == 8
    assert both.models["critic_1"].hidden[0].in_features == 3 + 2
    assert isinstance(both.models["critic_1"].hidden[1], torch.nn.LayerNorm)


def test_an_unknown_observation_group_is_named_with_its_neighbours(tmp_path):
    with pytest.raises(UsageError, match=r"unknown observation group 'crtic'[\s\S]*agent.state_group"):
        train(tmp_path, 6, agent=small_agent(state_group="crtic"))


def test_the_squashed_policys_probability_is_that_of_the_squashed_action():
    """Compared with torch's own transformed distribution."""
    env = small_env()
    policy = build_policy(small_agent("SAC"), spaces_of(env, *GROUPS))
    observations = torch.randn(64, 5)
    actions, outputs = policy.act({"observations": observations})
    mean, found = policy.compute({"observations": observations})
    base = torch.distributions.Normal(mean, found["log_std"].exp())
    squashed = torch.distributions.TransformedDistribution(base, torch.distributions.TanhTransform())
    expected = squashed.log_prob(actions.clamp(-0.999999, 0.999999)).sum(dim=-1, keepdim=True)
    torch.testing.assert_close(outputs["log_prob"], expected, rtol=1e-3, atol=1e-3)
    assert torch.equal(outputs["mean_actions"], mean.tanh())
