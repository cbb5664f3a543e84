"""`genelab aggregate` over folders of made-up runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats
from test_curves import write_events

from genelab.eval.aggregates import aggregates
from genelab.eval.document import Evaluation, PolicyRecord, ProtocolRecord, Timing
from genelab.eval.report import write_report
from genelab.eval.statistics import stratified_bootstrap_iqm
from genelab.reports.aggregation import Measure, Point, summarize
from genelab.reports.commands import aggregate as command
from genelab.reports.curves import Curve, mean_curve
from genelab.reports.run_groups import find_groups, missing_evaluations
from genelab.utils.errors import GenelabError


def make_run(path: Path, *, seed: int, task: str = "Task-A-v0", final: float = 1.0, **config) -> Path:
    """Write a run directory that has trained for three iterations of 8 environment steps."""
    (path / "params").mkdir(parents=True)
    (path / "params/env.json").write_text(json.dumps({"env": {"seed": seed}}))
    (path / "params/agent.json").write_text(json.dumps({"backend": "sample", "agent": {"seed": seed, **config}}))
    known = dict.fromkeys(("task_config", "task_kind", "versions", "plugins"))
    (path / "provenance.json").write_text(json.dumps({**known, "task": task, "seeds": {"agent": seed}}))
    (path / "status.json").write_text(json.dumps({"status": "finished", "iteration": 3, "env_steps": 24}))
    write_events(path, [0.0, final / 2, final])
    return path


def made_up_evaluation(rows: list[dict[str, Any]], **changes: Any) -> Evaluation:
    """Return a complete evaluation with these episodes."""
    return Evaluation(
        **{
            "task": "Task-A-v0",
            "checkpoint": "model.pt",
            "num_episodes": len(rows),
            "metrics": {"return_mean": 2.0, "length_mean": 10.0, "success_rate": None},
            "wall_clock_seconds": 1.0,
            "seed": 0,
            "deterministic": True,
            "evaluated_at": "2026-01-01T00:00:00+00:00",
            "policy": PolicyRecord(kind="checkpoint"),
            "protocol": protocol_of("p"),
            "aggregates": aggregates(rows, {}),
            "strata": [],
            "episodes": rows,
            "environment": {"versions": {"python": "3.11"}, "command": ["genelab", "eval"]},
            "timing": Timing(build_s=0.1, rollout_s=1.0, env_steps=8, env_steps_per_s=8.0, wasted_step_fraction=0.0),
            "warnings": [],
            **changes,
        }
    )


def protocol_of(sha256: str) -> ProtocolRecord:
    return ProtocolRecord(
        protocol_sha256=sha256,
        num_envs=1,
        max_episode_steps=10,
        env_config="eval",
        env_config_sha256=sha256,
        domain_randomization="off",
        observation_noise=False,
        strata=[],
        overrides=[],
        plan=None,
    )


def write_eval(path: Path, *, score: float, success: float | None = None, protocol: str = "p", task: str = "Task-A-v0"):
    metrics = {"return_mean": score, "length_mean": 10.0, "success_rate": success}
    write_report(made_up_evaluation([], task=task, metrics=metrics, protocol=protocol_of(protocol)), path / "eval.json")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path("many")


def call(*arguments: str):
    return CliRunner().invoke(command, [*map(str, arguments)], standalone_mode=False)


def aggregate(folder: Path, *options: str) -> dict:
    result = call(folder, "--no-curves", "--force", *options)
    assert result.exception is None, result.exception
    return json.loads(Path("aggregate.json").read_text())


def test_the_seeds_of_a_task_become_points_a_mean_and_a_t_interval(folder):
    finals = {1: 1.0, 2: 2.0, 10: 6.0}
    for seed, final in finals.items():
        make_run(folder / f"seed_{seed}", seed=seed, final=final)
        write_eval(folder / f"seed_{seed}", score=10 * final)
    document = aggregate(folder)
    (group,) = document["groups"]
    assert [run["seed"] for run in group["runs"]] == [1, 2, 10]
    returns = group["measures"]["train/return"]
    assert [point["value"] for point in returns["points"]] == [1.0, 2.0, 6.0]
    values = np.array([1.0, 2.0, 6.0])
    low, high = stats.t.interval(0.95, 2, loc=3.0, scale=stats.sem(values))
    assert (returns["interval"]["low"], returns["interval"]["high"]) == pytest.approx((low, high))
    assert group["measures"]["eval/return"]["mean"] == pytest.approx(30.0)
    assert document["metric"] == "eval/return" and document["over_tasks"] is None


def test_a_seed_without_a_value_is_named(folder):
    make_run(folder / "seed_1", seed=1)
    make_run(folder / "seed_2", seed=2)
    write_eval(folder / "seed_2", score=3.0)
    result = call(folder, "--no-curves")
    assert "eval/return: unknown of seed 1" in result.output
    assert json.loads(Path("aggregate.json").read_text())["metric"] == "train/return"


def test_an_unfinished_seed_counts_with_a_warning(folder):
    make_run(folder / "seed_1", seed=1)
    (folder / "seed_1/status.json").write_text('{"status": "failed", "iteration": 3, "env_steps": 24}')
    assert "seed 1 is failed" in call(folder, "--no-curves").output


def test_curves_are_drawn_for_every_group(folder):
    for seed in (1, 2):
        make_run(folder / f"seed_{seed}", seed=seed)
    result = call(folder, "--out", "out/a.json")
    assert result.exception is None, result.exception
    curves = json.loads(Path("out/a.json").read_text())["groups"][0]["curves"]
    assert Path("out", curves).read_bytes().startswith(b"\x89PNG")


def test_nothing_is_replaced_without_force(folder):
    make_run(folder / "seed_1", seed=1)
    aggregate(folder)
    assert "aggregate.json exists already" in str(call(folder, "--no-curves").exception)


@pytest.fixture
def two_tasks(folder):
    for task, scale in (("Task-A-v0", 1.0), ("Task-B-v0", 100.0)):
        for seed in (1, 2):
            make_run(folder / task / f"seed_{seed}", seed=seed, task=task, final=scale * seed)
    return folder


def test_returns_of_different_tasks_are_not_averaged_without_a_scale(two_tasks):
    over = aggregate(two_tasks)["over_tasks"]
    assert over["iqm"] is None and "another scale in each task" in over["why_not"]


def test_normalised_scores_of_all_tasks_have_an_iqm_with_its_interval(two_tasks):
    Path("scales.json").write_text('{"Task-A-v0": {"low": 0, "high": 4}, "Task-B-v0": {"low": 100, "high": 300}}')
    over = aggregate(two_tasks, "--normalize", "scales.json")["over_tasks"]
    assert over["scores"] == {"Task-A-v0": [0.25, 0.5], "Task-B-v0": [0.0, 0.5]}
    assert over["iqm"] == pytest.approx(0.375)
    assert over["interval"]["low"] <= 0.375 <= over["interval"]["high"]


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ('{"Task-A-v0": {"low": 0, "high": 4}}', "no Task-B-v0"),
        ('{"Task-A-v0": {"low": 0}, "Task-B-v0": {}}', "numbers low and high"),
        ('{"Task-A-v0": {"low": 1, "high": 1}}', "are 1.0 and 1.0"),
        ("[]", "an object of tasks"),
    ],
)
def test_a_wrong_normalisation_is_refused(two_tasks, scales, message):
    Path("scales.json").write_text(scales)
    assert message in str(call(two_tasks, "--no-curves", "--normalize", "scales.json").exception)


def test_success_rates_need_no_scale(folder):
    for task, rates in (("Task-A-v0", (0.5, 1.0)), ("Task-B-v0", (0.0, 0.5))):
        for seed, rate in enumerate(rates):
            write_eval(folder / task / f"seed_{seed}", score=1.0, success=rate, task=task)
    document = aggregate(folder)
    assert document["metric"] == "eval/success_rate" and document["over_tasks"]["iqm"] == pytest.approx(0.5)


def test_the_same_task_in_two_folders_has_no_score_over_tasks(folder):
    for name in ("old", "new"):
        make_run(folder / name / "seed_1", seed=1)
    assert "is there more than once (new, old)" in aggregate(folder)["over_tasks"]["why_not"]


def test_runs_that_differ_in_more_than_the_seed_are_refused(folder):
    make_run(folder / "a", seed=1, gamma=0.9)
    make_run(folder / "b", seed=2, gamma=0.99)
    assert "differ in more than their seed: agent.json.agent.gamma: 0.9 against 0.99" in str(call(folder).exception)


def test_a_seed_that_is_there_twice_is_refused(folder):
    make_run(folder / "a", seed=1)
    make_run(folder / "b", seed=1)
    assert "seed 1 is there twice: a and b" in str(call(folder).exception)


def test_evaluations_of_different_things_are_refused(folder):
    for seed, protocol in ((1, "x"), (2, "y")):
        write_eval(folder / f"seed_{seed}", score=1.0, protocol=protocol)
    assert "measure different things" in str(call(folder, "--no-curves").exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "no such folder"),
        (("many/seed_1",), "is a single run"),
        (("empty",), "no run below empty"),
        (("many", "--metric", "train/retrun"), "did you mean train/return"),
        (("many", "--episodes", "3"), "add --eval"),
        (("many", "--eval", "--launcher", "slurm"), "does not wait"),
    ],
)
def test_wrong_usage_is_refused(folder, arguments, message):
    make_run(folder / "seed_1", seed=1)
    Path("empty").mkdir()
    assert message in str(call(*arguments).exception)
    assert not Path("aggregate.json").exists()


def test_a_single_seed_has_no_interval():
    assert summarize({1: 2.0, 2: None}) == Measure([Point(1, 2.0)], 1, 2.0, None, None, [2])


def test_the_mean_curve_covers_what_all_curves_cover():
    curves = [Curve(np.arange(5.0), np.arange(5.0) + offset) for offset in (0.0, 2.0)]
    shorter = Curve(np.array([2.0, 3.0, 8.0]), np.array([2.0, np.nan, 8.0]))  # 3 and 4 lie between two values
    made = mean_curve([*curves, shorter], points=3)
    assert made is not None
    np.testing.assert_allclose(made.steps, [2.0, 3.0, 4.0])
    np.testing.assert_allclose(made.mean, np.array([2.0, 3.0, 4.0]) + 2 / 3)
    half = stats.t.ppf(0.975, 2) * stats.sem([0.0, 2.0, 0.0])
    np.testing.assert_allclose(made.high - made.mean, half)
    for other in ((9.0, 1.0), (2.0, np.nan)):
        assert mean_curve([curves[0], Curve(*np.array(other).reshape(2, 1))], 3) is None


def test_the_stratified_bootstrap_keeps_the_weight_of_every_task():
    strata = [np.array([0.0, 0.0]), np.array([1.0, 1.0])]
    assert stratified_bootstrap_iqm(strata) == (0.5, 0.5)  # resampled together they would range over 0 … 1
    rng = np.random.default_rng(0)
    one = rng.normal(size=40)
    low, high = stratified_bootstrap_iqm([one])
    expected = stats.bootstrap(
        (one,), lambda x, axis: stats.trim_mean(x, 0.25, axis=axis), method="percentile", rng=rng, n_resamples=4000
    ).confidence_interval
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.05)


def test_only_runs_without_an_evaluation_are_evaluated(folder):
    for seed in (1, 2):
        make_run(folder / f"seed_{seed}", seed=seed)
    write_eval(folder / "seed_1", score=1.0)
    (job,) = missing_evaluations(find_groups(folder), episodes=7)
    assert job.command[3:] == (
        "eval",
        "Task-A-v0",
        "many/seed_2",
        "--episodes=7",
        "--seed=0",
        "--out=many/seed_2/eval.json",
    )


def test_an_evaluation_that_fails_is_an_error_with_its_last_words(folder):
    make_run(folder / "seed_1", seed=1)
    error = call(folder, "--no-curves", "--eval").exception
    assert isinstance(error, GenelabError)
    assert "1 of 1 evaluations failed: many/seed_1" in str(error) and "env.json has no eval_env" in str(error)
    assert not Path("aggregate.json").exists()
