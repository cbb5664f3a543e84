"""`--prof`: what is recorded, where it goes, and that nothing happens without it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genelab.cli.play import command as play_command
from genelab.cli.train import command as train_command
from genelab.profiling.recordings import RegionReport
from genelab.profiling.stopwatch import Stopwatch
from genelab.profiling.trace import Schedule, TraceRecorder
from genelab.rl.backends.base import TrainContext
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import UsageError
from genelab.utils.references import resolve

TASK = "Sample-Counter-v0"
SHORT = ("--prof", "--prof-wait", "1", "--prof-warmup", "1", "--prof-active", "2", "--prof-repeat", "2")


def run(command, *arguments: str) -> Result:
    return CliRunner().invoke(command, [TASK, *arguments], catch_exceptions=False, standalone_mode=False)


def report_in(folder: Path) -> RegionReport:
    (path,) = folder.glob("*_regions.json")
    return RegionReport.from_json(json.loads(path.read_text()))


def names_in(trace: Path) -> set[str]:
    return {event.get("name") for event in json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]}


def test_play_records_traces_and_a_table_by_region(workspace):
    output = run(play_command, "--headless", "--max-steps", "8", *SHORT).output
    folder = workspace / "logs/torch_profile"
    traces = sorted(folder.glob("*_trace_*.json.gz"))
    assert len(traces) == 2
    assert {"policy", "env.step"} <= names_in(traces[0])
    report = report_in(folder)
    assert report.steps == 4
    assert report.traces == [trace.name for trace in traces]
    rows = {tuple(row.path): row for row in report.rows}
    assert rows["policy",].calls == rows["env.step",].calls == 1.0
    assert 0 < rows["env.step",].ms < report.step_ms
    (table,) = folder.glob("*_regions.txt")
    assert table.read_text().strip() in output
    assert "env.step" in table.read_text()


def test_train_records_into_the_run(workspace):
    output = run(train_command, "--max-iterations", "8", "--log-dir", "run", *SHORT).output
    assert report_in(workspace / "run/torch_profile").steps == 4
    assert "genelab prof open run/torch_profile" in output.replace("\n", "")


def test_nothing_is_recorded_unless_asked_for(workspace):
    run(play_command, "--headless", "--max-steps", "3")
    run(train_command, "--log-dir", "run")
    assert not list(workspace.rglob("*torch_profile*"))


def test_the_environment_variables_alone_turn_it_on(workspace, monkeypatch):
    for name, value in {"": "1", "_WAIT": "0", "_WARMUP": "0", "_ACTIVE": "1", "_REPEAT": "1"}.items():
        monkeypatch.setenv(f"GENELAB_PROFILE{name}", value)
    run(train_command, "--log-dir", "run")
    assert report_in(workspace / "run/torch_profile").steps == 1


def test_a_run_too_short_for_a_trace_says_so_and_writes_nothing(workspace):
    output = run(train_command, "--log-dir", "run", "--prof").output.replace("\n", " ")
    assert "recorded nothing: 4 steps, and the first trace is complete after 25" in output
    assert not (workspace / "run/torch_profile").exists()


@pytest.mark.parametrize(("iterations", "steps", "traces"), [("7", 3, 2), ("6", 2, 1)])
def test_a_run_that_ends_within_a_trace_keeps_the_steps_that_ended(workspace, iterations, steps, traces):
    run(train_command, "--log-dir", "run", *SHORT, "--max-iterations", iterations)
    report = report_in(workspace / "run/torch_profile")
    assert (report.steps, len(report.traces)) == (steps, traces)
    assert len(list((workspace / "run/torch_profile").glob("*_trace_*"))) == traces


def test_a_schedule_without_the_switch_is_refused(workspace):
    with pytest.raises(UsageError, match=r"--prof-wait, --prof-active without --prof"):
        run(train_command, "--prof-wait", "2", "--prof-active", "3")


@pytest.mark.parametrize(("name", "value"), [("WAIT", "-1"), ("ACTIVE", "0"), ("REPEAT", "many")])
def test_a_variable_that_is_no_number_of_steps_is_named(name, value):
    with pytest.raises(UsageError, match=f"'{value}' is no number of steps"):
        Schedule.chosen(False, {}, {"GENELAB_PROFILE": "1", f"GENELAB_PROFILE_{name}": value})


@pytest.mark.parametrize("command", [train_command, play_command])
def test_a_bad_variable_is_found_before_anything_starts(workspace, fake_envs, monkeypatch, command):
    monkeypatch.setenv("GENELAB_PROFILE", "1")
    monkeypatch.setenv("GENELAB_PROFILE_ACTIVE", "x")
    with pytest.raises(UsageError, match="'x' is no number of steps"):
        run(command)
    assert fake_envs == []


def test_options_win_over_variables_and_variables_over_defaults():
    variables = {"GENELAB_PROFILE_WAIT": "3", "GENELAB_PROFILE_ACTIVE": "2"}
    assert Schedule.chosen(False, {}, variables) is None
    assert Schedule.chosen(True, {"active": 7}, variables) == Schedule(wait=3, warmup=5, active=7, repeat=2)


def test_scenes_that_play_themselves_warn_and_are_not_profiled(workspace):
    result = CliRunner().invoke(play_command, ["Sample-Scene-v0", "--headless", "--max-steps", "1", *SHORT])
    assert "plays itself, --prof is ignored" in result.output


@pytest.mark.parametrize(
    ("backend", "agent", "settings", "iterations"),
    [
        ("rslrl.backend:RslRlBackend", "rslrl:RslRlOnPolicyRunnerCfg", {"num_steps_per_env": 4}, 6),
        ("skrl.backend:SkrlBackend", "skrl:SkrlAgentCfg", {"rollouts": 4}, 24),
        ("sb3.backend:Sb3Backend", "sb3:Sb3AgentCfg", {"n_steps": 4, "batch_size": 8}, 96),
        (
            "sb3.backend:Sb3Backend",
            "sb3:Sb3AgentCfg",
            {"algorithm": "SAC", "learning_starts": 72, "buffer_size": 1000, "batch_size": 8},
            96,
        ),
    ],
)
def test_each_backend_names_what_acts_and_what_learns(tmp_path, backend, agent, settings, iterations):
    config = resolve(f"genelab_backend_{agent}")(**settings)
    watch = Stopwatch()
    context = TrainContext("Fake-v0", FakeVecEnv(4), config, tmp_path, iterations, watch=watch.watch)
    resolve(f"genelab_backend_{backend}")().train(context)
    assert {path[-1]: region.calls for path, region in watch.regions.items()} == {"policy": 24, "update": 6}


def test_the_environment_is_left_as_it_was(tmp_path):
    env = FakeVecEnv(4)
    before = set(vars(env))
    with TraceRecorder(tmp_path, Schedule(0, 0, 1, 1), env, lambda text: None) as recorder:
        assert set(vars(env)) - before == {"step"}
        recorder.step()
    assert set(vars(env)) == before
