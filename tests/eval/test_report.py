"""The evaluation file."""

from __future__ import annotations

import json
import statistics
from copy import deepcopy
from pathlib import Path

import pytest
from scored import check_schema, evaluation_of, make_fake, run_zero, subject_of

from genelab.config import MetricTermCfg, RewardTermCfg
from genelab.eval import report
from genelab.eval.aggregates import aggregates
from genelab.eval.report import build_report, read_report, write_report
from genelab.eval.terms import metric_terms, reward_terms
from genelab.utils.errors import GenelabError, UsageError

REFERENCE_RUNS = Path(__file__).parents[2] / "docs" / "reference-runs"


def protocol_hash(env=None, **changes) -> str:
    env = env or make_fake(8)
    settings = {key: changes.pop(key) for key in ("episodes", "seed") if key in changes}
    result = run_zero(env, **{"episodes": 10, **settings})
    return build_report(result, subject_of(env, **changes)).protocol.protocol_sha256


def test_the_flat_keys_keep_their_documented_meaning():
    document = evaluation_of(make_fake(8))
    check_schema(document)
    returns = [row["return"] for row in document.episodes]
    assert document.metrics["return_mean"] == pytest.approx(statistics.fmean(returns))
    assert document.metrics["return_std"] == pytest.approx(statistics.pstdev(returns))
    assert document.aggregates.return_.std == pytest.approx(statistics.stdev(returns))
    assert document.metrics["success_rate"] == document.aggregates.success_at_end.rate
    assert document.num_episodes == 40 and document.seed == 0 and document.deterministic is True


def test_a_written_report_reads_back(tmp_path):
    evaluation = evaluation_of(make_fake(8))
    write_report(evaluation, tmp_path / "eval.json")
    assert read_report(tmp_path / "eval.json") == evaluation


@pytest.mark.parametrize("path", sorted(REFERENCE_RUNS.glob("**/eval.json")), ids=lambda path: path.parent.name)
def test_files_of_older_versions_are_read_whole(path):
    assert json.dumps(read_report(path).to_json()) == json.dumps(json.loads(path.read_text()))


def test_many_rows_go_to_a_file_beside_the_report(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "ROWS_IN_FILE", 30)
    document = evaluation_of(make_fake(8))
    write_report(document, tmp_path / "eval.json")
    written = json.loads((tmp_path / "eval.json").read_text())
    check_schema(written)
    assert written["episodes"]["count"] == 40
    assert read_report(tmp_path / "eval.json").episodes == document.episodes


def test_rows_that_were_changed_or_are_missing_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "ROWS_IN_FILE", 30)
    write_report(evaluation_of(make_fake(8)), tmp_path / "eval.json")
    rows = tmp_path / "eval.episodes.jsonl"
    rows.write_text(rows.read_text().replace("failed", "passed"))
    with pytest.raises(GenelabError, match="hash differs"):
        read_report(tmp_path / "eval.json")
    rows.unlink()
    with pytest.raises(GenelabError, match="missing"):
        read_report(tmp_path / "eval.json")


@pytest.mark.parametrize("content", ["{}", "[1]", '{"schema": "other"}', '{"schema": "genelab.eval/1", "policy": 1}'])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "eval.json").write_text(content)
    with pytest.raises(GenelabError, match=r"not an evaluation file|damaged evaluation file"):
        read_report(tmp_path / "eval.json")


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_report(tmp_path / "none.json")


def test_the_protocol_hash_ignores_how_fast_something_runs():
    quick = make_fake(64)
    quick.cfg.simulation.gpu = False
    quick.cfg.simulation.performance_mode = True
    quick.cfg.seed = 5
    assert protocol_hash() == protocol_hash(quick)


@pytest.mark.parametrize(
    "changes",
    [
        {"episodes": 11},
        {"seed": 1},
        {"task": "Other-v0"},
        {"deterministic": False},
        {"env_config_name": "env"},
    ],
)
def test_the_protocol_hash_changes_with_what_is_measured(changes):
    assert protocol_hash() != protocol_hash(**changes)


def test_the_protocol_hash_changes_with_the_environment():
    other = make_fake(8)
    other.cfg.simulation.gravity = (0.0, 0.0, -1.62)
    assert protocol_hash() != protocol_hash(other)


def test_the_headline_is_success_where_it_is_published_and_the_return_elsewhere():
    with_success = evaluation_of(make_fake(8)).aggregates
    without = evaluation_of(make_fake(8, success_probability=None)).aggregates
    assert (with_success.headline, without.headline) == ("success_at_end", "return")
    assert with_success.lower_bound() == with_success.success_at_end.ci.low
    assert without.lower_bound() == without.return_.ci.low


def test_a_task_names_its_own_headline():
    env = make_fake(8)
    document = build_report(run_zero(env), subject_of(env, headline="return"))
    assert document.aggregates.headline == "return"
    check_schema(document)


def test_one_episode_has_no_interval_and_is_still_valid():
    document = evaluation_of(make_fake(1), episodes=1)
    check_schema(document)
    assert document.aggregates.return_.ci is None
    assert aggregates(document.episodes, {}, "return").lower_bound() == document.metrics["return_mean"]


class Managed:
    """A stand-in for the reward and metric managers: sums by term and env."""

    def __init__(self, env, names):
        self.active_terms, self.env = names, env

    @property
    def episode_sums(self):
        return self.env.episode_length_buf[None].float() * 0.5

    sums = episode_sums


def test_reward_terms_and_task_metrics_are_reported_per_episode():
    env = make_fake(8)
    env.reward_manager, env.metric_manager = Managed(env, ["alive"]), Managed(env, ["height"])
    cfg = deepcopy(env.cfg)
    cfg.rewards = {"alive": RewardTermCfg(func=abs, weight=1.0)}
    cfg.metrics = {"height": MetricTermCfg(func=abs)}
    result = run_zero(env, metrics=metric_terms(cfg), reward_terms=reward_terms(cfg))
    for row in result.rows:
        assert row["reward_terms"] == {"alive": pytest.approx(0.5 * row["length"])}
        assert row["metrics"]["height"] == pytest.approx(0.5)
    document = build_report(result, subject_of(env))
    check_schema(document)
    assert document.aggregates.custom["height"].mean == pytest.approx(0.5)
    assert document.aggregates.reward_terms["alive"].n == 40
