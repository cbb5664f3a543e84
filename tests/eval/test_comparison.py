"""Verdicts about pairs of evaluations."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from scored import evaluation_of, make_fake

from genelab.cli.compare import command
from genelab.eval.aggregates import MetricInfo, aggregate
from genelab.eval.comparison import compare, compare_all, protocol_differences
from genelab.eval.report import write_report
from genelab.utils.errors import GenelabError


def shifted(document, *, returns=0.0, flip=0, noise=0.0):
    """Return a copy with other returns and with the first `flip` successes turned into failures."""
    changed, rng = deepcopy(document), np.random.default_rng(0)
    for row in changed.episodes:
        row["return"] += returns + noise * rng.normal()
    for row in [row for row in changed.episodes if row["success_at_end"]][:flip]:
        row["success_at_end"] = False
    return changed


def verdicts(reference, candidate, **settings):
    return {item.metric: item.verdict for item in compare(reference, candidate, **settings).metrics}


@pytest.fixture(scope="module")
def document():
    return evaluation_of(make_fake(32), episodes=200)


@pytest.fixture(scope="module")
def negative():
    return evaluation_of(make_fake(32, reward_per_step=-0.6, success_probability=None), episodes=50)


@pytest.mark.parametrize("margin", [0.0, 0.05, 0.5])
def test_identical_evaluations_pass(document, margin):
    assert set(verdicts(document, document, margin=margin).values()) == {"pass"}


def test_identical_evaluations_with_negative_returns_pass(negative):
    assert negative.metrics["return_mean"] < 0
    assert verdicts(negative, negative) == {"return": "pass"}


def test_a_clear_loss_fails_and_a_gain_passes(document, negative):
    for reference in (document, negative):
        assert verdicts(reference, shifted(reference, returns=-5.0))["return"] == "fail"
        assert verdicts(reference, shifted(reference, returns=+5.0))["return"] == "pass"


def test_lost_successes_fail(document):
    assert verdicts(document, shifted(document, flip=60))["success"] == "fail"
    assert verdicts(document, shifted(document, flip=2))["success"] == "pass"


def test_an_open_verdict_says_how_many_more_episodes_would_settle_it(document):
    few = replace(document, episodes=document.episodes[:20])
    other = shifted(few, noise=3.0)
    item = compare(few, other).metrics[0]
    assert item.verdict == "inconclusive" and item.more_episodes > 20
    assert item.low < -item.margin < item.high


def test_the_number_of_further_episodes_is_about_right(document):
    few = replace(document, episodes=document.episodes[:20])
    item = compare(few, shifted(few, noise=2.0), margin=0.1).metrics[0]
    n = item.n + item.more_episodes
    nearer = item.difference - item.low if item.difference > -item.margin else item.high - item.difference
    assert abs(item.difference + item.margin) == pytest.approx(nearer * (item.n / n) ** 0.5, rel=0.05)


def test_values_that_the_candidate_lost_make_it_fail(document):
    candidate = deepcopy(document)
    candidate.episodes[7]["return"] = None
    item = compare(document, candidate).metrics[0]
    assert (item.verdict, item.lost) == ("fail", 1)


def test_a_candidate_without_any_value_is_an_error(document):
    candidate = deepcopy(document)
    for row in candidate.episodes:
        row["return"] = None
    with pytest.raises(GenelabError, match="no return in 200 episodes"):
        compare(document, candidate)


def test_a_metric_where_less_is_better_fails_when_it_grows(document):
    reference = deepcopy(document)
    reference.aggregates.custom["error"] = aggregate([1.0] * 200, MetricInfo(higher_is_better=False))
    for index, row in enumerate(reference.episodes):
        row["metrics"]["error"] = 1.0 + 0.01 * (index % 5)
    candidate = deepcopy(reference)
    for row in candidate.episodes:
        row["metrics"]["error"] *= 2
    assert verdicts(reference, candidate)["error"] == "fail"
    assert verdicts(candidate, reference)["error"] == "pass"


def test_several_metrics_are_tested_at_stricter_levels(document):
    levels = {item.metric: item.level for item in compare(document, shifted(document, noise=40.0)).metrics}
    assert levels["success"] == pytest.approx(0.975)
    assert levels["return"] == pytest.approx(0.95)


def test_the_overall_verdict_is_the_worst_one(document):
    assert compare(document, shifted(document, returns=-5.0)).verdict == "fail"
    assert compare(document, shifted(document, noise=40.0)).verdict == "inconclusive"
    assert compare(document, document).verdict == "pass"


def test_the_number_of_envs_is_no_difference_of_the_protocol(document):
    assert protocol_differences(document, evaluation_of(make_fake(8), episodes=200)) == []
    fewer = evaluation_of(make_fake(8), episodes=100)
    assert protocol_differences(document, fewer) == ["num_episodes: 200 against 100"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({}, 0), ({"returns": -5.0}, 1), ({"noise": 40.0}, 3)],
)
def test_the_exit_status_is_the_verdict(tmp_path, document, change, status):
    write_report(document, tmp_path / "a.json")
    write_report(shifted(document, **change), tmp_path / "b.json")
    result = CliRunner().invoke(command, [str(tmp_path / "a.json"), str(tmp_path / "b.json")], standalone_mode=False)
    assert result.return_value == status, result.output
    assert "return" in result.output and "success" in result.output


def test_other_protocols_are_refused_unless_forced(tmp_path, document):
    write_report(document, tmp_path / "a.json")
    write_report(evaluation_of(make_fake(8), episodes=200, seed=1), tmp_path / "b.json")
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    refused = CliRunner().invoke(command, files, standalone_mode=False)
    assert refused.exception.exit_code == 2 and "seed: 0 against 1" in str(refused.exception)
    forced = CliRunner().invoke(command, [*files, "--force", "--json"], standalone_mode=False)
    assert json.loads(forced.stdout)["verdict"] in ("pass", "fail", "inconclusive")
    assert "seed: 0 against 1" in forced.stderr


def test_a_metric_that_only_the_reference_has_leaves_the_verdict_open(tmp_path, document):
    reference = deepcopy(document)
    reference.aggregates.custom["effort"] = aggregate([1.0] * 200, MetricInfo(higher_is_better=False))
    for row in reference.episodes:
        row["metrics"]["effort"] = 1.0
    write_report(reference, tmp_path / "a.json")
    write_report(document, tmp_path / "b.json")
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    result = CliRunner().invoke(command, files, standalone_mode=False)
    assert result.return_value == 3
    assert "effort: not compared, because only the reference has it" in result.output
    told = json.loads(CliRunner().invoke(command, [*files, "--json"], standalone_mode=False).stdout)
    assert told["verdict"] == "inconclusive" and told["missing"] == ["effort"]
    assert CliRunner().invoke(command, files[::-1], standalone_mode=False).return_value == 0
    write_report(shifted(document, returns=-5.0), tmp_path / "b.json")
    assert CliRunner().invoke(command, files, standalone_mode=False).return_value == 1


def test_many_pairs_share_one_error_rate(document):
    other = shifted(document, noise=40.0)
    made = compare_all({"a": (document, other), "b": (document, other), "c": (document, document)})
    levels = {(key, item.metric): item.level for key, report in made.items() for item in report.metrics}
    assert levels["a", "success"] == pytest.approx(1 - 0.05 / 6)
    assert levels["a", "return"] == levels["b", "return"] == pytest.approx(1 - 0.05 / 2)
