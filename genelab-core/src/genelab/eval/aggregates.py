"""Rows to statistics: every number with its count and its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.eval import statistics
from genelab.eval.document import Aggregate, Aggregates, Episode, Interval, Proportion, Stratum
from genelab.utils.strata import Bins, bin_labels


@dataclass(frozen=True)
class MetricInfo:
    """How to read a metric: its unit, its direction (`None` when neither is better), and whether it is 0 or 1."""

    unit: str = ""
    higher_is_better: bool | None = None
    outcome: bool = False


def aggregate(values: Iterable[float | None], info: MetricInfo = MetricInfo()) -> Aggregate:
    """Return the statistics of the values that are not None.

    The interval of the mean is a bootstrap's, that of an outcome's rate Wilson's.
    """
    x = np.array([value for value in values if value is not None], dtype=float)
    n = len(x)
    std = float(x.std(ddof=1)) if n > 1 else None
    return Aggregate(
        n=n,
        mean=float(x.mean()) if n else None,
        std=std,
        sem=None if std is None else float(std / np.sqrt(n)),
        median=float(np.median(x)) if n else None,
        iqm=statistics.iqm(x) if n else None,
        min=float(x.min()) if n else None,
        max=float(x.max()) if n else None,
        ci=_wilson(int(x.sum()), n) if info.outcome and n else _bootstrap(x),
        unit=info.unit or None,
        higher_is_better=info.higher_is_better,
    )


def proportion(outcomes: Iterable[bool | None]) -> Proportion | None:
    """Return the rate of the outcomes that are not None; None when no episode has an outcome."""
    known = [outcome for outcome in outcomes if outcome is not None]
    if not known:
        return None
    k, n = sum(known), len(known)
    return Proportion(k, n, k / n, _wilson(k, n))


def aggregates(rows: Sequence[Episode], metrics: Mapping[str, MetricInfo], headline: str | None = None) -> Aggregates:
    """Return the numbers of all episodes.

    Args:
        rows: Episode rows.
        metrics: The further metrics in the rows.
        headline: `"return"`, `"success_at_end"` or `"success_once"`; by default success at the end where the task
            publishes success, and the return elsewhere.
    """
    basics = _basics(rows)
    if headline is None:
        headline = "return" if basics["success_at_end"] is None else "success_at_end"
    terms = dict.fromkeys(name for row in rows for name in row["reward_terms"])
    return Aggregates(
        **basics,
        headline=headline,
        terminations=dict(Counter(row["end_cause"] for row in rows).most_common()),
        custom=_custom(rows, {"max_reward": MetricInfo(), **metrics}),
        reward_terms={name: aggregate(row["reward_terms"][name] for row in rows) for name in terms},
    )


def by_stratum(rows: Sequence[Episode], strata: Mapping[str, Bins], metrics: Mapping[str, MetricInfo]) -> list[Stratum]:
    """Return the numbers of each bin of each stratum that has episodes.

    Strata stand one after another, not crossed: a bin has the episodes of all bins of the others.
    """
    made: list[Stratum] = []
    for name, bins in strata.items():
        for label in dict.fromkeys(bin_labels(bins)):
            group = [row for row in rows if row["stratum"][name] == label]
            if group:
                made.append(Stratum({name: label}, len(group), **_basics(group), custom=_custom(group, metrics)))
    return made


def _custom(rows: Sequence[Episode], metrics: Mapping[str, MetricInfo]) -> dict[str, Aggregate]:
    return {name: aggregate((row["metrics"][name] for row in rows), info) for name, info in metrics.items()}


def _wilson(successes: int, trials: int) -> Interval:
    low, high = statistics.wilson(successes, trials)
    return Interval(low, high, statistics.LEVEL, "wilson")


def _bootstrap(x: np.ndarray) -> Interval | None:
    if len(x) < 2:
        return None
    low, high = statistics.bootstrap_mean(x)
    return Interval(
        low, high, statistics.LEVEL, "bootstrap_percentile", statistics.RESAMPLES, statistics.BOOTSTRAP_SEED
    )


def _basics(rows: Sequence[Episode]) -> dict[str, Any]:
    return {
        "return_": aggregate((row["return"] for row in rows), MetricInfo(higher_is_better=True)),
        "length": aggregate((row["length"] for row in rows), MetricInfo(unit="steps")),
        "success_once": proportion(row["success_once"] for row in rows),
        "success_at_end": proportion(row["success_at_end"] for row in rows),
    }
