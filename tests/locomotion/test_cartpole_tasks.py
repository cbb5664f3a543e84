"""The cart-pole tasks: contract, numbers, metric."""

from __future__ import annotations

import pytest
import torch

from genelab.eval.metrics import NotApplicable
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import load_task
from genelab.testing import FakeVecEnv, TaskContract
from genelab.utils.references import resolve


class TestInvertedPendulum(TaskContract):
    task = "GeneLab-Inverted-Pendulum-v0"


class TestDoubleInvertedPendulum(TaskContract):
    task = "GeneLab-Double-Inverted-Pendulum-v0"


class TestMemoryPendulum(TaskContract):
    task = "GeneLab-Inverted-Pendulum-Memory-Rnn-v0"


@pytest.mark.parametrize(("task", "ceiling"), [("Inverted-Pendulum", 40.0), ("Double-Inverted-Pendulum", 60.0)])
def test_a_perfect_episode_is_worth_the_documented_ceiling(task, ceiling):
    env = load_task(f"GeneLab-{task}-v0").cfg.env
    rate = env.rewards["alive"].weight + env.rewards["upright"].weight
    assert rate * env.episode_length_s == ceiling
    assert env.step_dt == 0.01


@pytest.mark.parametrize(
    ("task", "iterations", "hidden"),
    [("Inverted-Pendulum", 150, (128, 128)), ("Double-Inverted-Pendulum", 300, (256, 128))],
)
def test_agents_have_the_documented_budget(task, iterations, hidden):
    agent = load_task(f"GeneLab-{task}-v0", backend="rsl_rl").cfg.agent
    assert (agent.max_iterations, agent.actor.hidden_dims) == (iterations, hidden)
    assert agent.actor.obs_normalization and agent.critic.obs_normalization


def test_the_memory_agents_differ_in_their_memory_only_by_network():
    recurrent = load_task("GeneLab-Inverted-Pendulum-Memory-Rnn-v0", backend="rsl_rl").cfg
    feed_forward = load_task("GeneLab-Inverted-Pendulum-Memory-Mlp-v0", backend="rsl_rl").cfg
    assert recurrent.env == feed_forward.env
    assert (recurrent.agent.actor.rnn_type, feed_forward.agent.actor.rnn_type) == ("lstm", None)
    assert recurrent.agent.num_steps_per_env >= recurrent.env.max_episode_length


def test_evaluation_has_no_pushes_and_no_noise():
    task = load_task("GeneLab-Inverted-Pendulum-v0").cfg
    assert "push_cart" in task.env.events and task.env.observations["policy"].corrupt
    assert "push_cart" not in task.eval_env.events and not task.eval_env.observations["policy"].corrupt


def test_the_cue_is_shown_for_five_steps_and_the_distance_measured_at_the_end():
    from genelab.envs.make import make_env

    env = make_env("GeneLab-Inverted-Pendulum-Memory-Rnn-v0", num_envs=4)
    metric = get_catalog().metric("final_target_distance")
    measured = resolve(metric.metric)()
    try:
        measured.start(env)
        env.step_observers.append(measured.update)
        observations, _ = env.reset(seed=3)
        target = env.command_manager.get("target")[:, 0]
        assert target.abs().max() <= 0.8 and target.std() > 0.05
        shown = [observations, *(env.step(torch.zeros(4, 1))[0] for _ in range(6))]
        assert all(torch.equal(step["critic"][:, -1], target) for step in shown)
        assert all(torch.equal(step["policy"][:, -1], target) for step in shown[:5])
        assert all(torch.equal(step["policy"][:, -1], torch.zeros(4)) for step in shown[5:])
        expected = (env.scene["robot"].joint_pos[:, 0] - target).abs()
        assert torch.equal(measured.finish(torch.arange(4)), expected)
    finally:
        env.close()


def position_after(env, action):
    env.step(action)
    return env.scene["robot"].joint_pos[:, 0].clone()


@pytest.mark.parametrize("variant", ["env", "eval_env"])
def test_the_body_remembers_nothing_of_the_cue(variant):
    from genelab.envs.make import make_env

    env = make_env(getattr(load_task("GeneLab-Inverted-Pendulum-Memory-Mlp-v0").cfg, variant), num_envs=4)
    action = torch.full((4, 1), 0.2)
    try:
        env.reset(seed=3)
        moved = [position_after(env, action) for _ in range(5)]
        assert (moved[3] - moved[0] > 0.02).all()
        assert (moved[4].abs() <= 0.05).all(), "the cart is back when the cue ends"
        assert env.scene["robot"].joint_vel.abs().max() <= 0.05
        later = [position_after(env, action) for _ in range(11)]
        assert (torch.stack(later).diff(dim=0) > 0).all(), "and is left alone from then on"
        assert "last_action" not in env.cfg.observations["policy"].terms
    finally:
        env.close()


def test_the_metric_leaves_other_environments_alone():
    from genelab_tasks_locomotion.cartpole.metrics import FinalTargetDistance

    with pytest.raises(NotApplicable):
        FinalTargetDistance().start(FakeVecEnv(2))
