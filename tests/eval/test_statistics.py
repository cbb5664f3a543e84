"""Intervals and summaries against scipy, published figures and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genelab.eval import statistics


@pytest.mark.parametrize(("k", "n"), [(0, 10), (15, 16), (81, 100), (100, 100)])
def test_wilson_is_scipys(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert statistics.wilson(k, n) == pytest.approx((expected.low, expected.high))


def test_wilson_of_15_in_16_is_the_published_interval():
    assert statistics.wilson(15, 16) == pytest.approx((0.7167, 0.9889), abs=1e-4)


def test_iqm_is_the_mean_of_the_middle_half():
    values = np.random.default_rng(0).normal(size=40)
    assert statistics.iqm(values) == pytest.approx(np.sort(values)[10:30].mean())
    assert statistics.iqm(np.array([0.0, 1.0, 2.0, 1000.0])) == 1.5


def test_the_bootstrap_is_scipys():
    values = np.random.default_rng(1).exponential(size=50)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert statistics.bootstrap_mean(values) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_the_bootstrap_of_equal_values_is_that_value():
    assert statistics.bootstrap_mean(np.full(10, -6.1)) == (-6.1, -6.1)


def test_the_t_interval_covers_the_mean_of_three_seeds_as_often_as_it_says():
    rng = np.random.default_rng(2)
    intervals = [statistics.student_t(rng.normal(size=3)) for _ in range(1000)]
    assert 0.93 < np.mean([low < 0 < high for low, high in intervals]) < 0.97


@pytest.mark.parametrize("interval", [statistics.student_t, statistics.bootstrap_mean])
def test_one_value_has_no_interval(interval):
    with pytest.raises(ValueError, match="at least 2"):
        interval(np.array([1.0]))


def test_newcombe_gives_the_published_figures():
    """Newcombe 1998, table of examples, method 10: 36, 12, 2 and 0 pairs."""
    assert statistics.newcombe_paired(36, 12, 2, 0) == pytest.approx((-0.3404, -0.0569), abs=1e-4)


def test_newcombe_is_symmetric():
    low, high = statistics.newcombe_paired(50, 12, 5, 33)
    other_low, other_high = statistics.newcombe_paired(50, 5, 12, 33)
    assert (low, high) == pytest.approx((-other_high, -other_low))


def test_newcombe_covers_the_true_difference_as_often_as_it_says():
    rng = np.random.default_rng(3)
    probabilities = (0.6, 0.15, 0.05, 0.2)
    hits = []
    for _ in range(500):
        low, high = statistics.newcombe_paired(*rng.multinomial(80, probabilities).tolist())
        hits.append(low <= -0.1 <= high)
    assert 0.92 < np.mean(hits) < 0.99


@pytest.mark.parametrize(
    "p_values", [[0.01, 0.04, 0.03], [0.001, 0.02, 0.026], [0.2, 0.3], [0.049], [0.012, 0.024, 0.049]]
)
def test_holm_decides_what_the_rule_on_p_values_decides(p_values):
    levels = statistics.holm(range(len(p_values)), lambda i, level: p_values[i] <= 1 - level + 1e-12)
    decided = [p_values[i] <= 1 - levels[i] + 1e-12 for i in range(len(p_values))]
    expected, m = [False] * len(p_values), len(p_values)
    for rank, i in enumerate(np.argsort(p_values)):
        if p_values[i] > 0.05 / (m - rank):
            break
        expected[i] = True
    assert decided == expected
