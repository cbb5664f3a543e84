"""Intervals and summary statistics. What scipy.stats has is taken from there."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from genelab.utils.lazy import LazyModule

stats: Any = LazyModule("scipy.stats")
"""Takes long to import, and has no types."""

RESAMPLES = 2000
BOOTSTRAP_SEED = 0
LEVEL = 0.95

Name = TypeVar("Name", bound=Hashable)
Interval = tuple[float, float]


def iqm(values: np.ndarray) -> float:
    """Return the interquartile mean: the mean of what is left without the lowest and the highest quarter."""
    return float(stats.trim_mean(values, 0.25))


def wilson(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a proportion."""
    interval = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def student_t(values: np.ndarray, level: float = LEVEL) -> Interval:
    """Return the t interval of a mean: for few points, such as the scores of three training seeds.

    Raises:
        ValueError: for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"a t interval needs at least 2 values, got {len(values)}")
    mean, sem = float(np.mean(values)), float(stats.sem(values))
    if sem == 0.0:
        return mean, mean
    low, high = stats.t.interval(level, len(values) - 1, loc=mean, scale=sem)
    return float(low), float(high)


def bootstrap_mean(values: np.ndarray, level: float = LEVEL) -> Interval:
    """Return the percentile bootstrap interval of the mean; of paired differences it is the paired bootstrap.

    Raises:
        ValueError: for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"a bootstrap needs at least 2 values, got {len(values)}")
    if np.ptp(values) == 0.0:
        return float(values[0]), float(values[0])
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 10_000_000 // len(values)),
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def stratified_bootstrap_iqm(strata: Sequence[np.ndarray], level: float = LEVEL) -> Interval:
    """Return the percentile bootstrap interval of the interquartile mean over the values of all strata together.

    Each resample draws from every stratum as many values as it has (R. Agarwal et al., Deep reinforcement learning at
    the edge of the statistical precipice, NeurIPS 2021): with a stratum for each task the scores of its seeds are
    resampled, and every task keeps its weight.

    Args:
        strata: Values of each stratum, `(n_i,)`.
        level: Confidence.
    """
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = [values[rng.integers(len(values), size=(RESAMPLES, len(values)))] for values in strata]
    means = stats.trim_mean(np.concatenate(drawn, axis=1), 0.25, axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def newcombe_paired(both: int, only_first: int, only_second: int, neither: int, level: float = LEVEL) -> Interval:
    """Return the interval of the difference (second − first) of two proportions measured on the same episodes.

    R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data,
    Statistics in Medicine 17 (1998), method 10: Wilson limits of each proportion, combined with the correlation phi,
    which is continuity-corrected when it is positive.

    Args:
        both: Episodes in which both succeed.
        only_first: Episodes in which only the first succeeds.
        only_second: Episodes in which only the second succeeds.
        neither: Episodes in which neither succeeds.
        level: Confidence.
    """
    n = both + only_first + only_second + neither
    first, second = (both + only_first) / n, (both + only_second) / n
    first_low, first_high = wilson(both + only_first, n, level)
    second_low, second_high = wilson(both + only_second, n, level)
    phi = _phi(both, only_first, only_second, neither)

    def half_width(of_second: float, of_first: float) -> float:
        return math.sqrt(max(0.0, of_second**2 - 2 * phi * of_second * of_first + of_first**2))

    difference = second - first
    low = difference - half_width(second - second_low, first_high - first)
    high = difference + half_width(second_high - second, first - first_low)
    return max(-1.0, low), min(1.0, high)


def _phi(both: int, only_first: int, only_second: int, neither: int) -> float:
    n = both + only_first + only_second + neither
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    covariance = both * neither - only_first * only_second
    if covariance > 0:
        covariance = max(covariance - n / 2, 0.0)
    return covariance / math.sqrt(margins)


def holm(
    names: Iterable[Name], decided_at: Callable[[Name, float], bool], alpha: float = 1 - LEVEL
) -> dict[Name, float]:
    """Test several claims so that the chance of even one false decision stays below `alpha` (Holm's step-down rule).

    Args:
        names: The claims.
        decided_at: Whether the interval of a claim at this confidence level decides it.
        alpha: Family-wise error rate.

    Returns:
        For each claim the confidence level it was tested at last: where it was decided, or where the rule stopped.
    """
    open_claims, levels = list(names), dict[Name, float]()
    while open_claims:
        level = 1 - alpha / len(open_claims)
        levels.update(dict.fromkeys(open_claims, level))
        undecided = [name for name in open_claims if not decided_at(name, level)]
        if len(undecided) == len(open_claims):
            break
        open_claims = undecided
    return levels
