"""Which bins episodes belong to, and what is reported of each bin."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
import torch
from scored import check_schema, make_fake, run_zero, subject_of

from genelab.console.tables.strata import print_strata
from genelab.eval.aggregates import MetricInfo, aggregate
from genelab.eval.comparison import compare
from genelab.eval.metrics import EvalMetric
from genelab.eval.report import build_report
from genelab.managers.random_streams import RandomStreams
from genelab.utils.strata import bins_of

NAMED = {"level": 3, "object": ("cup", "ball", "cup", "box")}


@pytest.mark.parametrize("counts", [(8, 10, 10), (3, 2), (4, 4), (6, 4, 9), (5,), (8, 1, 2), (2, 6, 3, 4)])
@pytest.mark.parametrize("first", [0, 37])
def test_consecutive_episodes_visit_every_combination_once(counts, first):
    strata = {str(i): count for i, count in enumerate(counts)}
    everything = set(product(*map(range, counts)))
    visited = Counter(tuple(bins_of(first + i, strata).values()) for i in range(len(everything)))
    assert set(visited) == everything and set(visited.values()) == {1}


def test_a_few_episodes_visit_the_bins_of_every_stratum_evenly():
    """Counting one stratum after another, 100 episodes would see one of the 10 columns and two of the 10 levels."""
    strata = {"direction": 8, "level": 10, "column": 10}
    for name, bins in strata.items():
        times = Counter(bins_of(i, strata)[name] for i in range(100))
        assert len(times) == bins and max(times.values()) - min(times.values()) <= 2


def test_bins_of_two_strata_do_not_stick_together():
    """Two strata of ten bins that both count with the episodes would show one effect under two names."""
    strata = {"direction": 8, "level": 10, "column": 10}
    met = [bins_of(i, strata) for i in range(100)]
    for level in range(10):
        assert len({bins["column"] for bins in met if bins["level"] == level}) >= 6
    for direction in range(8):
        assert len({bins["column"] for bins in met if bins["direction"] == direction}) >= 8


def test_environment_and_report_have_the_same_bins_whatever_the_number_of_envs():
    rows = {
        num_envs: run_zero(make_fake(num_envs, strata=NAMED), episodes=24, strata=NAMED).rows for num_envs in (1, 8, 24)
    }
    bins = {num_envs: [(row["init_hash"], row["stratum"]) for row in found] for num_envs, found in rows.items()}
    assert bins[1] == bins[8] == bins[24]
    streams = RandomStreams(24, "cpu", 0, NAMED)
    streams.begin_evaluation()
    objects = streams.stratum("object")
    assert objects is not None
    assert [row["stratum"]["object"] for row in rows[8]] == [NAMED["object"][i] for i in objects.tolist()]


def test_a_report_has_the_numbers_of_each_bin_under_its_name():
    env = make_fake(8, strata=NAMED)
    result = run_zero(env, episodes=24, strata=NAMED, metrics={"effort": Constant(2.0)})
    document = build_report(result, subject_of(env, metrics={"effort": MetricInfo("N", False)}))
    check_schema(document)
    assert [(group.key, group.n) for group in document.strata] == [
        *(({"level": level}, 8) for level in range(3)),
        ({"object": "cup"}, 12),
        ({"object": "ball"}, 6),
        ({"object": "box"}, 6),
    ]
    cups = document.strata[3]
    lengths = [row["length"] for row in result.rows if row["stratum"]["object"] == "cup"]
    assert cups.length.mean == pytest.approx(sum(lengths) / 12)
    assert cups.custom["effort"].mean == 2.0 and cups.custom["effort"].unit == "N"


def test_strata_are_printed_with_intervals(capsys):
    env = make_fake(8, strata=NAMED)
    print_strata(build_report(run_zero(env, episodes=24, strata=NAMED), subject_of(env)))
    printed = capsys.readouterr().out
    for words in ("by level", "by object", "cup (n=12)", "success_at_end", " … "):
        assert words in printed


def test_a_wide_table_is_printed_in_parts_of_equal_width(capsys):
    env = make_fake(8, strata={"level": 10})
    print_strata(build_report(run_zero(env, episodes=20, strata={"level": 10}), subject_of(env)))
    printed = capsys.readouterr().out
    assert printed.count("by level") == 2 and "9 (n=2)" in printed


def test_the_rate_of_an_outcome_that_never_happened_has_an_interval():
    """A bootstrap of zeros says that the rate is zero for certain."""
    made = aggregate([0.0] * 100, MetricInfo(outcome=True))
    assert made.mean == 0.0 and made.ci.method == "wilson"
    assert made.ci.high == pytest.approx(0.037, abs=1e-3)
    assert aggregate([None], MetricInfo(outcome=True)).ci is None


@pytest.mark.parametrize(("better", "verdict"), [(False, "fail"), (True, "pass")])
def test_an_outcome_is_compared_as_a_rate(better, verdict):
    """With an infinitely small bootstrap interval any difference of rates would be certain; Newcombe's is not."""
    reports = []
    for value in (0.0, 1.0):
        env = make_fake(8)
        result = run_zero(env, episodes=40, metrics={"fell": Constant(value)})
        info = {"fell": MetricInfo(higher_is_better=better, outcome=True)}
        reports.append(build_report(result, subject_of(env, metrics=info)))
    fell = next(item for item in compare(*reports).metrics if item.metric == "fell")
    assert fell.verdict == verdict
    assert (fell.reference, fell.candidate) == (0.0, 1.0)
    assert fell.difference == (1.0 if better else -1.0)
    assert fell.low < fell.high
    same = next(item for item in compare(reports[0], reports[0]).metrics if item.metric == "fell")
    assert same.verdict == "pass" and same.low < 0.0 < same.high


class Constant(EvalMetric):
    """The same number for every episode."""

    def __init__(self, value: float) -> None:
        self.value = value

    def start(self, env):
        pass

    def update(self, step):
        pass

    def finish(self, env_ids):
        return torch.full((len(env_ids),), self.value)
