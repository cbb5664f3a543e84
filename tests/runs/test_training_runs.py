"""Budgets, warm starts, continuations, and what is refused before the simulator starts."""

from __future__ import annotations

import errno
import json
import os

import pytest
import torch
from rich.console import Console

from genelab.rl.checkpoint import load_checkpoint
from genelab.runs.plan import TrainRequest, plan_training
from genelab.runs.progress import TrainingProgress
from genelab.runs.run_dir import RunDir
from genelab.runs.run_lock import RunLock
from genelab.runs.source import open_source
from genelab.runs.training import train
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"


def weight(path) -> int:
    return load_checkpoint(path)[0]["weight"]


def test_the_budget_is_the_agents_unless_given(workspace):
    assert train(TrainRequest(task_id=TASK)).result.iteration == 4
    assert train(TrainRequest(task_id=TASK, max_iterations=3)).result.iteration == 3
    assert train(TrainRequest(task_id=TASK, total_steps=41)).result.iteration == 6  # 8 envs


def test_two_budgets_are_refused(workspace):
    with pytest.raises(UsageError, match="both set the budget"):
        plan_training(TrainRequest(task_id=TASK, max_iterations=3, total_steps=3))


def test_a_scene_without_rewards_is_not_trainable(workspace):
    with pytest.raises(UsageError, match="not trainable"):
        plan_training(TrainRequest(task_id="Sample-Scene-v0"))


def test_overrides_reach_the_environment_and_the_agent(workspace, fake_envs):
    overrides = [("env.simulation.num_envs", "3"), ("agent.save_interval", "1")]
    report = train(TrainRequest(task_id=TASK, overrides=overrides))
    assert fake_envs[0][1].num_envs == 3
    assert len(list(report.run_dir.glob("*.count"))) == 4


def test_the_state_of_a_broken_env_goes_into_the_run(workspace, fake_envs):
    """The guard against non-finite envs once had nowhere to write to in any real run."""
    assert fake_envs == []
    report = train(TrainRequest(task_id=TASK))
    assert fake_envs[0][1].dump_dir == report.run_dir


def test_the_run_is_held_until_its_end_is_recorded(workspace, monkeypatch):
    """Otherwise a continuation could begin in between, and be called finished while it runs."""
    locked = []

    def write_status(self, status, **details):
        try:
            with RunLock(self.path):
                locked.append((status, False))
        except UsageError:
            locked.append((status, True))

    monkeypatch.setattr(RunDir, "write_status", write_status)
    train(TrainRequest(task_id=TASK))
    assert locked[-1] == ("finished", True)


def test_a_warm_start_takes_the_weights_and_begins_at_zero(workspace):
    first = train(TrainRequest(task_id=TASK))
    for source in (first.result.checkpoint, first.run_dir):
        second = train(TrainRequest(task_id=TASK, checkpoint=source))
        assert second.run_dir != first.run_dir
        assert (second.result.iteration, weight(second.result.checkpoint)) == (4, 8)
    origin = json.loads((second.run_dir / "provenance.json").read_text())
    assert origin["warm_start"].endswith("model_4.count")


def test_a_resumed_run_goes_on_in_place(workspace):
    first = train(TrainRequest(task_id=TASK))
    second = train(TrainRequest(task_id=TASK, resume=first.run_dir, max_iterations=7))
    assert second.run_dir == first.run_dir
    assert (second.result.iteration, weight(second.result.checkpoint)) == (7, 7)
    origin = json.loads((first.run_dir / "provenance.json").read_text())
    assert [record["checkpoint"] for record in origin["resumed"]] == ["model_4.count"]
    assert json.loads((first.run_dir / "params" / "agent.json").read_text())["agent"]["max_iterations"] == 7


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again(workspace):
    first = train(TrainRequest(task_id=TASK))
    for path in first.run_dir.glob("*.count*"):
        path.unlink()
    assert train(TrainRequest(task_id=TASK, resume=first.run_dir)).result.iteration == 4


def test_a_warm_started_run_that_was_killed_before_its_first_checkpoint_begins_with_its_weights_again(workspace):
    source = train(TrainRequest(task_id=TASK)).result.checkpoint
    run = train(TrainRequest(task_id=TASK, checkpoint=source)).run_dir
    for path in run.glob("model_*"):
        path.unlink()
    again = train(TrainRequest(task_id=TASK, resume=run))
    assert weight(again.result.checkpoint) == 8
    for path in [*run.glob("model_*"), *source.parent.glob("model_*")]:
        path.unlink()
    with pytest.raises(UsageError, match="the weights that it began with are gone"):
        train(TrainRequest(task_id=TASK, resume=run))


def test_a_resumed_run_uses_its_own_configs(workspace, fake_envs):
    first = train(TrainRequest(task_id=TASK, overrides=[("env.simulation.num_envs", "3")]))
    train(TrainRequest(task_id=TASK, resume=first.run_dir, max_iterations=5))
    assert fake_envs[-1][1].num_envs == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"overrides": [("agent.seed", "1")]}, r"cannot change --agent\.seed"),
        ({"checkpoint": "x.count"}, "cannot change --checkpoint"),
        ({"log_dir": "elsewhere"}, "cannot change --log-dir"),
        ({"backend": "other"}, "was trained with sample"),
        ({"task_id": "Sample-Other-v0"}, "is a run of Sample-Counter-v0, not of Sample-Other-v0"),
        ({}, "nothing is left to do: model_4.count is at 4 of 4 iterations"),
    ],
)
def test_a_resume_that_would_not_continue_is_refused(workspace, change, message):
    run = train(TrainRequest(task_id=TASK)).run_dir
    with pytest.raises(UsageError, match=message):
        plan_training(TrainRequest(**{"task_id": TASK, "resume": run, **change}))


@pytest.mark.parametrize("use", ["resume", "checkpoint"])
def test_a_truncated_checkpoint_is_refused_before_the_simulator_starts(workspace, fake_envs, use):
    first = train(TrainRequest(task_id=TASK))
    first.result.checkpoint.write_bytes(first.result.checkpoint.read_bytes()[:-7])
    fake_envs.clear()
    with pytest.raises(GenelabError, match="is truncated"):
        train(TrainRequest(task_id=TASK, max_iterations=9, **{use: first.run_dir}))
    assert not fake_envs


def test_resuming_a_checkpoint_names_the_run_to_resume(workspace):
    report = train(TrainRequest(task_id=TASK))
    with pytest.raises(UsageError, match=f"--resume .*{report.run_dir.name}"):
        plan_training(TrainRequest(task_id=TASK, resume=report.result.checkpoint))


def test_a_failing_training_is_recorded_and_its_checkpoints_stay(workspace, monkeypatch):
    saved, real_save = [], torch.save

    def full_after_one(payload, path, **kwargs):
        if saved:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        saved.append(path)
        real_save(payload, path, **kwargs)

    monkeypatch.setattr("genelab.rl.checkpoint.torch.save", full_after_one)
    with pytest.raises(GenelabError, match="No space left on device"):
        train(TrainRequest(task_id=TASK, log_dir=workspace / "run"))
    status = json.loads((workspace / "run" / "status.json").read_text())
    assert (status["status"], status["checkpoint"]) == ("failed", "model_2.count")
    assert weight(workspace / "run" / "model_2.count") == 2
    assert sorted(path.name for path in (workspace / "run").glob("*.count")) == ["model_2.count"]


def test_the_environment_is_closed_when_training_fails(workspace, fake_envs, monkeypatch):
    import sample_runs

    closed = []
    monkeypatch.setattr("genelab.testing.fake_env.FakeVecEnv.close", lambda env: closed.append(env))

    def fail(backend, ctx):
        raise RuntimeError("bug")

    monkeypatch.setattr(sample_runs.CounterBackend, "train", fail)
    with pytest.raises(RuntimeError, match="bug"):
        train(TrainRequest(task_id=TASK))
    assert len(closed) == 1


def test_progress_without_a_terminal_is_plain_lines(capsys):
    progress = TrainingProgress(Console(force_terminal=False, width=200), plain_interval_s=0.0)
    with progress:
        progress.begin(3, "iterations")
        for iteration in (1, 2, 3):
            progress.update(iteration, 100 * iteration, {"return_mean": 1.5} if iteration > 1 else {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1/3 iterations  – steps/s  return –"
    assert "return 1.50" in lines[1] and lines[1].endswith("left")
    assert lines[2].startswith("3/3 iterations") and "steps/s" in lines[2]


def test_a_real_backend_trains_stops_and_goes_on_in_the_same_run(tmp_path, monkeypatch, fake_envs):
    monkeypatch.chdir(tmp_path)
    task = "GeneLab-Double-Inverted-Pendulum-v0"
    overrides = [("env.simulation.num_envs", "4"), ("agent.save_interval", "1")]
    first = train(TrainRequest(task_id=task, overrides=overrides, max_iterations=2))
    second = train(TrainRequest(task_id=task, resume=first.run_dir, max_iterations=3))
    assert (second.run_dir, second.result.iteration) == (first.run_dir, 3)
    source = open_source(task, first.run_dir)
    env = fake_envs[-1][1]
    env.raw_observations = True
    assert source.policy(env)(env.get_observations()).shape == (4, 2)


@pytest.mark.parametrize("path", ["env.seed", "agent.seed"])
@pytest.mark.parametrize("seed", ["-1", str(2**32)])
def test_a_seed_that_no_generator_takes_is_refused_before_the_simulator_starts(workspace, fake_envs, path, seed):
    with pytest.raises(UsageError, match=f"no value for {path}"):
        train(TrainRequest(task_id=TASK, overrides=[(path, seed)]))
    assert not fake_envs
