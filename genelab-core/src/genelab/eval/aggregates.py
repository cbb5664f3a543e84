"""Rows to statistics: every number with its count and its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.eval import statistics
from genelab.utils.strata import Bins, bin_labels

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MetricInfo:
    """How to read a metric: its unit, its direction (`None` when neither is better), and whether it is 0 or 1."""

    unit: str = ""
    higher_is_better: bool | None = None
    outcome: bool = False


def aggregate(values: Iterable[float | None], info: MetricInfo = MetricInfo()) -> dict[str, Any]:
    """Return the `agg` object of `eval.schema.json` for the values that are not None; `std` is the sample's.

    The interval of the mean is a bootstrap's, that of an outcome's rate Wilson's.
    """
    x = np.array([value for value in values if value is not None], dtype=float)
    n = len(x)
    numbers: dict[str, Any] = dict.fromkeys(("mean", "std", "sem", "median", "iqm", "min", "max", "ci"))
    if n > 0:
        numbers.update(mean=x.mean(), median=np.median(x), iqm=statistics.iqm(x), min=x.min(), max=x.max())
    if n > 1:
        std = x.std(ddof=1)
        numbers.update(std=std, sem=std / np.sqrt(n))
    made = {"n": n, **{name: None if value is None else float(value) for name, value in numbers.items()}}
    if info.outcome and n > 0:
        made["ci"] = _wilson(int(x.sum()), n)
    elif n > 1:
        low, high = statistics.bootstrap_mean(x)
        made["ci"] = {
            "low": low,
            "high": high,
            "level": statistics.LEVEL,
            "method": "bootstrap_percentile",
            "resamples": statistics.RESAMPLES,
            "seed": statistics.BOOTSTRAP_SEED,
        }
    if info.unit:
        made["unit"] = info.unit
    if info.higher_is_better is not None:
        made["higher_is_better"] = info.higher_is_better
    return made


def proportion(outcomes: Iterable[bool | None]) -> dict[str, Any] | None:
    """Return the `prop` object of `eval.schema.json`, or None when no episode has an outcome."""
    known = [outcome for outcome in outcomes if outcome is not None]
    if not known:
        return None
    k, n = sum(known), len(known)
    return {"k": k, "n": n, "rate": k / n, "ci": _wilson(k, n)}


def aggregates(rows: Sequence[Row], metrics: Mapping[str, MetricInfo], headline: str | None = None) -> dict[str, Any]:
    """Return the `aggregates` object of `eval.schema.json`.

    Args:
        rows: Episode rows.
        metrics: The further metrics in the rows.
        headline: `"return"`, `"success_at_end"` or `"success_once"`; by default success at the end where the task
            publishes success, and the return elsewhere.
    """
    made: dict[str, Any] = _basics(rows)
    if headline is None:
        headline = "return" if made["success_at_end"] is None else "success_at_end"
    terms = dict.fromkeys(name for row in rows for name in row["reward_terms"])
    return {
        **made,
        "headline": headline,
        "terminations": dict(Counter(row["end_cause"] for row in rows).most_common()),
        "custom": _custom(rows, {"max_reward": MetricInfo(), **metrics}),
        "reward_terms": {name: aggregate(row["reward_terms"][name] for row in rows) for name in terms},
    }


def by_stratum(
    rows: Sequence[Row], strata: Mapping[str, Bins], metrics: Mapping[str, MetricInfo]
) -> list[dict[str, Any]]:
    """Return the `strata` list of `eval.schema.json`: for each bin of each stratum that has episodes, all its numbers.

    Strata stand one after another, not crossed: a bin has the episodes of all bins of the others.
    """
    made = []
    for name, bins in strata.items():
        for label in dict.fromkeys(bin_labels(bins)):
            group = [row for row in rows if row["stratum"][name] == label]
            if group:
                numbers = {**_basics(group), "custom": _custom(group, metrics)}
                made.append({"key": {name: label}, "n": len(group), **numbers})
    return made


def lower_bound(made: Mapping[str, Any]) -> float | None:
    """Return the lower confidence limit of the headline: what the best model of a training is chosen by.

    A single episode has no interval; its value stands for itself. `None` when no episode has a value.
    """
    headline = made[made["headline"]]
    if headline is None:
        return None
    if headline["ci"] is not None:
        return headline["ci"]["low"]
    return headline["mean"]


def _custom(rows: Sequence[Row], metrics: Mapping[str, MetricInfo]) -> dict[str, Any]:
    return {name: aggregate((row["metrics"][name] for row in rows), info) for name, info in metrics.items()}


def _wilson(successes: int, trials: int) -> dict[str, Any]:
    low, high = statistics.wilson(successes, trials)
    return {"low": low, "high": high, "level": statistics.LEVEL, "method": "wilson"}


def _basics(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "return": aggregate((row["return"] for row in rows), MetricInfo(higher_is_better=True)),
        "length": aggregate((row["length"] for row in rows), MetricInfo(unit="steps")),
        "success_once": proportion(row["success_once"] for row in rows),
        "success_at_end": proportion(row["success_at_end"] for row in rows),
    }
