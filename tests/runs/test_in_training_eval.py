"""Evaluations during a training, the best model, and trainings that end when a condition holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from genelab.eval.aggregates import aggregate, aggregates
from genelab.eval.conditions import parse_condition
from genelab.eval.document import Aggregates, Interval
from genelab.runs.eval_schedule import EvalSchedule
from genelab.runs.in_training_eval import InTrainingEvaluation
from genelab.runs.plan import TrainRequest, plan_training
from genelab.runs.run_dir import RunDir
from genelab.runs.training import train
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"


def request(*, iterations=6, **schedule) -> TrainRequest:
    return TrainRequest(task_id=TASK, max_iterations=iterations, evaluation=EvalSchedule(**{"every": 2, **schedule}))


def evaluations(run_dir) -> list[dict]:
    return [json.loads(line) for line in (run_dir / "evaluations.jsonl").read_text().splitlines()]


@pytest.fixture
def scores(monkeypatch):
    """Let the evaluations have these lower bounds, in turn."""
    bounds: list[float] = []
    monkeypatch.setattr(Aggregates, "lower_bound", lambda aggregates: bounds.pop(0))
    return bounds


def test_each_interval_is_evaluated_once_in_an_environment_of_its_own(workspace, fake_envs):
    run_dir = train(request(iterations=7, episodes=3)).run_dir
    assert [line["iteration"] for line in evaluations(run_dir)] == [2, 4, 6]
    assert [env.num_envs for _, env in fake_envs] == [8, 3]
    assert all(line["aggregates"]["return"]["n"] == 3 for line in evaluations(run_dir))


def test_the_best_model_is_the_one_with_the_highest_lower_bound(workspace, scores):
    scores += [1.0, 3.0, 2.0]
    run_dir = train(request()).run_dir
    meta = json.loads((run_dir / "best_model_meta.json").read_text())
    assert (meta["iteration"], meta["lower_bound"], meta["env_steps"]) == (4, 3.0, 32)
    assert torch.load(run_dir / "best_model.count", weights_only=True)["weight"] == 4
    assert (
        meta["eval"]["policy"]["sha256"] == json.loads((run_dir / "best_model.count.meta.json").read_text())["sha256"]
    )
    assert [line["best"] for line in evaluations(run_dir)] == [True, True, False]
    assert not list(run_dir.glob("eval_model*"))


def test_the_best_model_is_no_checkpoint_to_continue_from(workspace):
    report = train(request())
    assert report.result.checkpoint.name == "model_6.count"
    assert (
        plan_training(TrainRequest(task_id=TASK, resume=report.run_dir, max_iterations=9)).resume.name
        == "model_6.count"
    )


def test_a_continued_run_goes_on_evaluating_and_keeps_its_best_model(workspace, scores):
    scores += [5.0, 1.0, 2.0, 9.0]
    run_dir = train(request(iterations=4)).run_dir
    train(TrainRequest(task_id=TASK, resume=run_dir, max_iterations=6))
    assert [line["iteration"] for line in evaluations(run_dir)] == [2, 4, 6]
    assert json.loads((run_dir / "best_model_meta.json").read_text())["iteration"] == 2
    train(TrainRequest(task_id=TASK, resume=run_dir, max_iterations=8))
    assert json.loads((run_dir / "best_model_meta.json").read_text())["iteration"] == 8


def test_results_beyond_the_checkpoint_that_is_continued_are_forgotten(workspace):
    run_dir = train(request(iterations=4)).run_dir
    for path in run_dir.glob("model_4.count*"):
        path.unlink()
    train(TrainRequest(task_id=TASK, resume=run_dir, max_iterations=4))
    assert [line["iteration"] for line in evaluations(run_dir)] == [2, 4]


def test_a_training_ends_when_its_condition_holds(workspace):
    report = train(request(iterations=100, stop_when="length<=5"))
    assert report.result.iteration == 2
    assert report.signum is None
    assert json.loads((report.run_dir / "status.json").read_text())["status"] == "finished"


def test_a_condition_without_values_is_an_error(workspace):
    with pytest.raises(GenelabError, match="no interval of 'success_rate'"):
        train(request(episodes=100, stop_when="success_rate>=0.9"))


def test_random_streams_stay_as_they_are(workspace, monkeypatch):
    """The counting backend draws nothing, so the stream after the training is the one before it."""
    torch.manual_seed(3)
    train(TrainRequest(task_id=TASK, max_iterations=6))
    plain = torch.rand(1)
    torch.manual_seed(3)
    train(request())
    assert torch.equal(torch.rand(1), plain)


def test_the_schedule_is_noted_in_the_run(workspace):
    run_dir = train(request(episodes=3, seed=7)).run_dir
    assert EvalSchedule.of_run(run_dir) == EvalSchedule(every=2, episodes=3, seed=7)
    assert EvalSchedule.of_run(RunDir(workspace).path) is None


def test_a_backend_that_never_offers_its_policy_is_named(workspace, monkeypatch):
    monkeypatch.setattr(InTrainingEvaluation, "__call__", lambda self, *_: {})
    with pytest.raises(GenelabError, match="the backend sample does not evaluate"):
        train(request())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("success_rate", "is not a condition"),
        ("return>=1.2.3", "is not a number"),
        ("retrun>=1", "unknown metric 'retrun'"),
        ("success_rate>=0.95", "10 episodes cannot prove"),
        ("success_rate>=1", "no number of episodes"),
    ],
)
def test_conditions_that_make_no_sense_are_refused_before_the_start(workspace, fake_envs, text, reason):
    with pytest.raises(UsageError, match=reason):
        train(request(stop_when=text))
    assert fake_envs == []


def test_the_number_of_episodes_that_the_refusal_names_is_enough():
    with pytest.raises(UsageError, match="--eval-episodes 73 or more"):
        parse_condition("success_rate>=0.95", [], 72)
    assert parse_condition("success_rate >= 0.95", [], 73).value == 0.95


def test_a_condition_needs_the_whole_interval():
    number = replace(aggregate([2.0]), ci=Interval(1.0, 3.0, 0.95, "bootstrap_percentile"))
    made = replace(aggregates([], {}), return_=number)
    assert parse_condition("return>=1", [], 10).holds(made)
    assert not parse_condition("return>=2", [], 10).holds(made)
    assert parse_condition("return_mean<=3", [], 10).holds(made)
    assert not parse_condition("return<=2", [], 10).holds(made)
