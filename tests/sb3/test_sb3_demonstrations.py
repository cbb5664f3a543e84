from __future__ import annotations

import numpy as np
import pytest
from sb3_runs import small_agent, train
from test_sb3_her import GOALS, her_agent
from test_sb3_resume import everything

from genelab.rl.demonstrations import write_demonstrations
from genelab.testing import bit_differences
from genelab.testing.goal_env import GoalEnv, record_demonstrations
from genelab.utils.errors import UsageError
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.demonstrations import prefill, read_demonstrations
from genelab_backend_sb3.vec_env import Sb3VecEnv


@pytest.fixture
def demos(tmp_path):
    return record_demonstrations(tmp_path / "demos.npz")


def changed(path, **arrays):
    """Write the demonstrations with other arrays; `None` leaves one out."""
    with np.load(path) as file:
        content = {**file, **arrays}
    other = path.with_name("changed.npz")
    np.savez(other, **{name: value for name, value in content.items() if value is not None})
    return other


def test_a_replay_buffer_begins_with_whole_usable_episodes_of_demonstrations(demos):
    agent = her_agent(clip_actions=2.0)
    model = build_algorithm(agent, Sb3VecEnv(GoalEnv(), agent))
    prefill(model, model.replay_buffer, agent, read_demonstrations(demos, agent, 8), GoalEnv().observation_layout)
    buffer = model.replay_buffer
    assert buffer.pos == 12
    assert (buffer.ep_length[:12] > 0).all()
    assert buffer.timeouts[7].all() and buffer.timeouts[11].all() and buffer.timeouts.sum() == 16
    moved = buffer.next_observations["achieved_goal"][:12] - buffer.observations["achieved_goal"][:12]
    assert np.allclose(moved, 0.4 * 2.0 * buffer.actions[:12], atol=1e-6)
    assert int(model.actor.features_extractor.normalizer.count) == 96
    model.replay_buffer.sample(32)


def test_a_new_run_learns_from_demonstrations_and_a_continued_one_takes_them_once(tmp_path, demos, monkeypatch):
    monkeypatch.setenv("GENELAB_SB3_DEMO_PATH", str(demos))
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    train(straight, 400, agent=her_agent(save_interval=200), env=GoalEnv())
    train(parts, 200, agent=her_agent(save_interval=200), env=GoalEnv())
    train(parts, 400, agent=her_agent(save_interval=200), env=GoalEnv(), resume=parts / "model_200_steps.zip")
    assert everything(parts, 400)["state"]["replay"]["pos"] == 12 + 400 // 8
    assert bit_differences(everything(straight, 400), everything(parts, 400)) == []


def test_plain_observations_are_laid_side_by_side(demos):
    agent = small_agent("SAC", obs_groups=GOALS, demo_path=str(demos))
    model = build_algorithm(agent, Sb3VecEnv(GoalEnv(), agent))
    demonstrations = read_demonstrations(demos, agent, 8)
    prefill(model, model.replay_buffer, agent, demonstrations, GoalEnv().observation_layout)
    assert np.array_equal(model.replay_buffer.observations[:12, :, 3:5], demonstrations.arrays["obs_achieved_goal"])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"rewards": None}, "changed.npz lacks rewards"),
        ({"rewards": np.zeros((11, 8))}, "rewards has not the steps and envs of actions"),
        ({"rewards": np.full((12, 8), np.nan)}, "rewards is not finite"),
        ({"actions": np.full((12, 8, 2), 3.0)}, "actions up to 3, beyond ±1"),
        ({"rewards": np.array([[{}] * 8] * 12)}, "no file of demonstrations"),
        ({"next_obs_observation": np.zeros((12, 8, 4))}, "another layout: obs_observation has shape \\(12, 8, 3\\)"),
        ({"obs_observation": np.zeros((12, 8))}, "another layout"),
        (
            {"obs_desired_goal": np.zeros((12, 8, 3)), "next_obs_desired_goal": np.zeros((12, 8, 3))},
            "another layout: obs_achieved_goal has shape",
        ),
    ],
)
def test_demonstrations_that_do_not_fit_are_refused_before_anything_starts(demos, arrays, message):
    agent = her_agent(demo_path=str(changed(demos, **arrays)))
    with pytest.raises(UsageError, match=message):
        Sb3Backend().validate(agent, 8, GoalEnv().cfg)


def test_demonstrations_of_another_number_of_envs_are_refused(demos):
    with pytest.raises(UsageError, match=r"recorded with 8 envs, not 16[\s\S]*--num-envs 8"):
        Sb3Backend().validate(her_agent(demo_path=str(demos)), 16, GoalEnv().cfg)


def test_more_demonstrations_than_the_replay_buffer_holds_are_refused(demos):
    with pytest.raises(UsageError, match="more than the replay buffer"):
        Sb3Backend().validate(her_agent(demo_path=str(demos), buffer_size=88), 8, GoalEnv().cfg)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no file of demonstrations"):
        Sb3Backend().validate(her_agent(demo_path=str(tmp_path / "none.npz")), 8, GoalEnv().cfg)


def test_demonstrations_of_another_task_are_refused(tmp_path, demos):
    path = changed(demos, obs_observation=np.zeros((12, 8, 5)), next_obs_observation=np.zeros((12, 8, 5)))
    with pytest.raises(UsageError, match="the demonstrations have widths"):
        train(tmp_path, 100, agent=her_agent(demo_path=str(path)), env=GoalEnv())


def test_demonstrations_with_other_terms_are_refused_with_the_difference(tmp_path, demos):
    layout = GoalEnv().observation_layout.to_json()
    layout["observation"]["terms"][0]["scale"] = [1.0, 0.1, 1.0]
    with np.load(demos) as file:
        write_demonstrations(demos, dict(file), {"task": "Other-v0", "observation_layout": layout})
    with pytest.raises(
        UsageError, match=r"group observation, term 0: state\[3\] scale \[1.0, 0.1, 1.0\][\s\S]*Other-v0"
    ):
        train(tmp_path, 100, agent=her_agent(demo_path=str(demos)), env=GoalEnv())


def test_an_algorithm_without_a_replay_buffer_refuses_demonstrations(demos):
    with pytest.raises(UsageError, match="PPO has no replay buffer to put demonstrations into"):
        Sb3Backend().validate(small_agent(demo_path=str(demos), obs_groups=GOALS), 8, GoalEnv().cfg)
