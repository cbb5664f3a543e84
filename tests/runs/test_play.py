"""How long playing lasts, who acts, and what happens without a display."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from genelab.cli.play import command
from genelab.config import SimulationCfg
from genelab.rl.policy import ZeroPolicy
from genelab.runs.plan import TrainRequest
from genelab.runs.playing import play_policy, step_limit
from genelab.runs.training import train
from genelab.sim.viewer import ViewerClosed
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def play(*arguments: str) -> Result:
    return CliRunner().invoke(command, [TASK, *arguments], catch_exceptions=False, standalone_mode=False)


def summary(*arguments: str) -> dict:
    return json.loads(play("--json", *arguments).stdout)


@pytest.mark.parametrize(
    ("vis", "max_steps", "limit"),
    [(True, None, None), (True, 7, 7), (False, None, 240), (False, 7, 7), (False, 900, 900)],
)
def test_the_documented_table_of_lengths(vis, max_steps, limit):
    assert step_limit(SimulationCfg(vis=vis), max_steps) == limit


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ((), 240),
        (("--steps", "12"), 12),
        (("--env.simulation.steps", "13"), 13),
        (("--max-steps", "5"), 5),
        (("--max_steps", "5", "--steps", "3"), 5),
    ],
)
def test_a_headless_run_ends(workspace, arguments, steps):
    assert summary("--headless", *arguments)["steps"] == steps


def test_without_a_display_play_says_so_in_one_error(workspace):
    with pytest.raises(GenelabError, match="no display") as caught:
        play()
    assert "--headless" in (caught.value.fix or "")


def test_vis_and_headless_exclude_each_other(workspace):
    with pytest.raises(UsageError, match="exclude"):
        play("--vis", "--headless")


def test_closing_the_window_ends_normally():
    class Closing(FakeVecEnv):
        def step(self, actions):
            if self.episode_length_buf[0] >= 3:
                raise ViewerClosed
            return super().step(actions)

    seen = play_policy(Closing(2), ZeroPolicy(2), limit=None)
    assert (seen.steps, seen.ended) == (3, "viewer closed")


def test_returns_and_lengths_are_those_of_whole_episodes():
    env = FakeVecEnv(3, max_episode_length=5, success_probability=None, action_cost=0.0, reward_per_step=2.0)
    seen = play_policy(env, ZeroPolicy(2), limit=14)
    assert (seen.episodes, seen.return_mean, seen.length_mean) == (6, 10.0, 5.0)


def test_a_checkpoint_implies_trained(workspace):
    run = train(TrainRequest(task_id=TASK)).run_dir
    assert summary("--headless", "--max-steps", "2", "--checkpoint", str(run))["policy"] == "checkpoint"
    with pytest.raises(UsageError, match="exclude"):
        play("--headless", "--agent", "zero", "--checkpoint", str(run))


def test_zero_is_the_default_and_trained_needs_a_checkpoint(workspace):
    assert summary("--headless", "--max-steps", "2")["policy"] == "zero"
    assert summary("--headless", "--max-steps", "2", "--agent", "random")["policy"] == "random"
    with pytest.raises(UsageError, match="--checkpoint"):
        play("--headless", "--agent", "trained")


def test_shortcuts_reach_the_play_environment(workspace, fake_envs):
    play("--headless", "--max-steps", "1", "--num-envs", "3", "--dt", "0.5", "--env.simulation.gpu", "true")
    simulation = fake_envs[0][0].simulation
    assert (simulation.num_envs, simulation.dt, simulation.gpu, simulation.vis) == (3, 0.5, True, False)


def test_a_video_is_written_and_not_replaced_without_force(workspace):
    arguments = ("--headless", "--max-steps", "4", "--video", "film.mp4")
    assert summary(*arguments)["video"] == "film.mp4"
    first = (workspace / "film.mp4").stat()
    with pytest.raises(UsageError, match="exists already"):
        play(*arguments)
    summary(*arguments, "--force")
    assert (workspace / "film.mp4").stat().st_ino != first.st_ino


def test_a_video_that_is_not_an_mp4_is_refused_before_the_simulator_starts(workspace, fake_envs):
    with pytest.raises(UsageError, match=r"\.mp4"):
        play("--headless", "--video", "film.png")
    assert not fake_envs


def test_what_changed_since_the_run_is_said(workspace):
    run = train(TrainRequest(task_id=TASK, overrides=[("agent.seed", "1")])).run_dir
    said = play("--headless", "--max-steps", "1", "--checkpoint", str(run)).stderr
    assert "note: since that run: agent.seed: 1 then, 42 now" in said
