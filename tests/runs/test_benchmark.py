"""`genelab benchmark` in fake environments: children for real in one test, evaluations made here in the others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import genelab
from genelab.benchmark.command import command
from genelab.benchmark.running import open_benchmark
from genelab.benchmark.suite import read_suite
from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.rl.checkpoint import save_checkpoint
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import UsageError

HERE = Path(__file__).parent
TASK, OTHER = "Sample-Counter-v0", "Sample-Other-v0"


def run(*arguments: str):
    result = CliRunner().invoke(command, ["--suite", "suite.json", *arguments], standalone_mode=False)
    assert result.exception is None or isinstance(result.exception, UsageError), result.output
    return result


def write_suite(*entries: dict, **defaults) -> None:
    Path("suite.json").write_text(json.dumps({"defaults": {"episodes": 30, **defaults}, "entries": entries}))


def write_checkpoint(path: str, *, steps: int = 5) -> None:
    """Write a checkpoint of an environment whose episodes have `steps` steps; the fake ones here have 5."""
    layout = FakeVecEnv(1, max_episode_length=steps).observation_layout.to_json()
    meta = {"task": TASK, "backend": "sample", "iteration": 1, "env_steps": 8, "observation_layout": layout}
    save_checkpoint(Path(path), {"weight": 1}, meta)


def measure(out: str, *, change=lambda row: None) -> None:
    """Evaluate the suite's entries here, as the children of the command would; `change` alters the rows."""
    benchmark = open_benchmark(Path("suite.json"), read_suite(Path("suite.json")), Path(out))
    benchmark.write()
    for item in benchmark.entries:
        entry = item.entry
        genelab.evaluate(entry.task, entry.policy, episodes=entry.episodes, seed=entry.seed, out=item.eval_path)
        document = json.loads(item.eval_path.read_text())
        for row in document["episodes"]:
            change(row)
        item.eval_path.write_text(json.dumps(document))


def report_of(out: str) -> dict:
    return json.loads(Path(out, "benchmark.json").read_text())


@pytest.fixture
def children(workspace):
    """Let child processes have the same plugins and fake environments as this one."""
    paths = [str(HERE / f"{name}.py") for name in ("fake_world", "sample_runs")]
    core = [candidate for candidate in installed_candidates() if candidate.always_allowed]
    selection = Selection(allow=("core",), extra=tuple(paths))
    with use_catalog(Catalog([*core, *extra_candidates(paths)], selection)):
        yield workspace


def test_a_failing_entry_is_recorded_and_only_what_is_missing_is_measured_again(children):
    write_checkpoint("model.count", steps=7)
    write_suite(
        {"task": TASK, "checkpoint": "zero", "group": "idle"},
        {"task": TASK, "checkpoint": "model.count", "group": "trained"},
    )
    first = run("--out", "out", "--parallel", "2")
    assert first.return_value == 1, first.output
    zero, trained = report_of("out")["entries"]
    assert (zero["state"], trained["state"]) == ("finished", "failed")
    assert "exit status 1" in trained["error"] and trained["metrics"] is None
    assert "model.count" in trained["error"]  # the child's own message
    assert report_of("out")["per_group"]["trained"]["n_failed"] == 1
    assert report_of("out")["overall"]["n_episodes"] == 30
    assert "failed: exit status 1" in first.output
    measured = Path("out", zero["eval"]).read_bytes()

    write_checkpoint("model.count")
    second = run("--out", "out", "--json")
    assert second.return_value == 0, second.output
    assert "1 measured already" in second.stderr
    document = json.loads(second.stdout)
    assert document["complete"] and document == report_of("out")
    assert Path("out", zero["eval"]).read_bytes() == measured
    assert document["overall"]["n_episodes"] == 60 and document["num_tasks"] == 1
    for record in document["entries"]:
        evaluated = json.loads(Path("out", record["eval"]).read_text())
        assert record["metrics"]["avg_sum_reward"] == pytest.approx(evaluated["metrics"]["return_mean"])
        assert record["metrics"]["avg_max_reward"] == pytest.approx(evaluated["metrics"]["avg_max_reward"])


@pytest.fixture
def reference(workspace):
    """A benchmark of two entries in `old`."""
    write_suite({"task": TASK, "checkpoint": "random"}, {"task": OTHER, "checkpoint": "random"})
    measure("old")
    assert run("--out", "old").return_value == 0
    return workspace


def lower_returns(row):
    row["return"] -= 5.0


def noisy_returns(row):
    row["return"] += 3.0 * np.random.default_rng(row["i"]).normal()


@pytest.mark.parametrize(
    ("change", "status", "verdict"),
    [(lambda row: None, 0, "pass"), (lower_returns, 1, "fail"), (noisy_returns, 3, "inconclusive")],
    ids=["equal", "worse", "noisy"],
)
def test_the_exit_status_says_how_the_suite_compares(reference, change, status, verdict):
    measure("new", change=change)
    result = run("--out", "new", "--reference", "old")
    assert result.return_value == status, result.output
    document = report_of("new")
    assert document["verdict"] == verdict and document["tolerance"] == 0.1
    assert len(document["regressions"]) == (2 if verdict == "fail" else 0)
    assert result.output.strip().endswith(verdict)


def test_a_loss_within_the_tolerance_passes(reference):
    measure("new", change=lower_returns)
    assert run("--out", "new", "--reference", "old/benchmark.json", "--tolerance", "1000").return_value == 0


def test_a_new_checkpoint_is_compared_with_the_old_one_of_its_task(workspace):
    write_checkpoint("a.count")
    write_suite({"task": TASK, "checkpoint": "a.count"})
    measure("old")
    run("--out", "old")
    write_checkpoint("b.count")
    write_suite({"task": TASK, "checkpoint": "b.count"}, {"task": OTHER, "checkpoint": "zero"})
    measure("new")
    result = run("--out", "new", "--reference", "old")
    assert result.return_value == 0, result.output
    assert "the reference has no such entry" in result.output


def test_an_entry_that_only_the_reference_has_leaves_the_verdict_open(reference):
    write_suite({"task": TASK, "checkpoint": "random"})
    measure("new")
    result = run("--out", "new", "--reference", "old")
    assert result.return_value == 3
    assert "Sample-Other-v0_random" in result.output and "only the reference has it" in result.output


def test_an_entry_whose_returns_are_all_lost_fails(reference):
    measure("new", change=lambda row: row.update({"return": None}))
    result = run("--out", "new", "--reference", "old")
    assert result.return_value == 1
    assert "no return in 30 episodes" in result.output


def test_a_reference_of_other_episodes_is_refused_before_anything_is_measured(reference):
    write_suite({"task": TASK, "checkpoint": "random"}, episodes=31)
    measure("new")
    result = run("--out", "new", "--reference", "old")
    assert "episodes: 30 against 31" in str(result.exception)


def test_a_reference_without_its_evaluations_is_refused(reference):
    Path("old", report_of("old")["entries"][0]["eval"]).unlink()
    assert "evaluations are missing" in str(run("--out", "new", "--reference", "old").exception)
    Path("old/benchmark.json").write_text("[]")
    assert "is no benchmark's report" in str(run("--out", "new", "--reference", "old").exception)
    assert not Path("new").exists()


def test_results_of_other_inputs_are_neither_kept_nor_replaced(reference):
    write_suite({"task": TASK, "checkpoint": "random", "seed": 1}, {"task": OTHER, "checkpoint": "random"})
    assert "was measured with another seed" in str(run("--out", "old").exception)
    write_suite({"task": TASK, "checkpoint": "random"})
    assert "is of another suite: Sample-Other-v0_random" in str(run("--out", "old").exception)
    Path("old/benchmark.json").unlink()
    assert "holds no benchmark" in str(run("--out", "old").exception)


def test_groups_and_tasks_count_every_episode_the_same(workspace):
    write_suite(
        {"task": TASK, "checkpoint": "zero", "group": "a", "episodes": 10},
        {"task": OTHER, "checkpoint": "zero", "group": "a"},
        {"task": OTHER, "checkpoint": "random"},
    )
    measure("out", change=lambda row: row.update(success_at_end=row["i"] < 5, success_once=True))
    run("--out", "out")
    document = report_of("out")
    blocks = {**document["per_task"], **document["per_group"], "overall": document["overall"]}
    told = {name: (block["n_entries"], block["n_episodes"], block["pc_success"]) for name, block in blocks.items()}
    assert told == {
        TASK: (1, 10, 50.0),
        OTHER: (2, 60, pytest.approx(100 / 6)),
        "a": (2, 40, 25.0),
        "overall": (3, 70, pytest.approx(1500 / 70)),
    }
    rows = [
        row for entry in document["entries"] for row in json.loads(Path("out", entry["eval"]).read_text())["episodes"]
    ]
    assert document["overall"]["avg_sum_reward"] == pytest.approx(np.mean([row["return"] for row in rows]))
    assert document["overall"]["success"]["k"] == 15


def test_a_name_in_json_is_the_reports_own(workspace):
    write_suite({"task": TASK, "checkpoint": "zero"})
    measure("base.json")
    assert run("--out", "base.json").return_value == 0
    document = json.loads(Path("base.json").read_text())
    assert document["complete"] and document["entries"][0]["eval"].startswith("base/")
    assert run("--out", "base.json", "--reference", "base.json").return_value == 0


def test_a_batch_system_gets_what_is_missing_and_the_repeated_command_reports(workspace, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no sbatch
    write_suite({"task": TASK, "checkpoint": "zero"}, {"task": TASK, "checkpoint": "random"})
    assert run("--out", "out", "--launcher", "slurm").return_value == 0
    assert [entry["state"] for entry in report_of("out")["entries"]] == ["submitted", "submitted"]
    assert Path("out/slurm.sh").read_text().count("genelab eval") == 2
    measure("out")
    assert run("--out", "out").return_value == 0
    assert report_of("out")["complete"]


def test_a_launcher_that_is_unknown_is_refused_before_anything_is_made(workspace):
    write_suite({"task": TASK, "checkpoint": "zero"})
    assert "unknown launcher" in str(run("--launcher", "slum").exception)
    assert [path.name for path in workspace.iterdir()] == ["suite.json"]
