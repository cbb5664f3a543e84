"""Rows to statistics: every number with its count and its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.eval import statistics
from genelab.eval.strata import stratum_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MetricInfo:
    """How to read a metric: its unit and direction (`None` when neither is better)."""

    unit: str = ""
    higher_is_better: bool | None = None


def aggregate(values: Iterable[float | None], info: MetricInfo = MetricInfo()) -> dict[str, Any]:
    """Return the `agg` object of `eval.schema.json` for the values that are not None; `std` is the sample's."""
    x = np.array([value for value in values if value is not None], dtype=float)
    n = len(x)
    numbers: dict[str, Any] = dict.fromkeys(("mean", "std", "sem", "median", "iqm", "min", "max", "ci"))
    if n > 0:
        numbers.update(mean=x.mean(), median=np.median(x), iqm=statistics.iqm(x), min=x.min(), max=x.max())
    if n > 1:
        std = x.std(ddof=1)
        numbers.update(std=std, sem=std / np.sqrt(n))
    made = {"n": n, **{name: None if value is None else float(value) for name, value in numbers.items()}}
    if n > 1:
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
    low, high = statistics.wilson(k, n)
    interval = {"low": low, "high": high, "level": statistics.LEVEL, "method": "wilson"}
    return {"k": k, "n": n, "rate": k / n, "ci": interval}


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
        "custom": {
            name: aggregate((row["metrics"][name] for row in rows), info)
            for name, info in {"max_reward": MetricInfo(), **metrics}.items()
        },
        "reward_terms": {name: aggregate(row["reward_terms"][name] for row in rows) for name in terms},
    }


def by_stratum(rows: Sequence[Row], strata: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the `strata` list of `eval.schema.json`: the basics for each combination of bins that has episodes."""
    groups: dict[tuple[tuple[str, int], ...], list[Row]] = {}
    if not strata:
        return []
    for row in rows:
        groups.setdefault(tuple(stratum_of(row["i"], strata).items()), []).append(row)
    return [{"key": dict(key), "n": len(group), **_basics(group)} for key, group in sorted(groups.items())]


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


def _basics(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "return": aggregate((row["return"] for row in rows), MetricInfo(higher_is_better=True)),
        "length": aggregate((row["length"] for row in rows), MetricInfo(unit="steps")),
        "success_once": proportion(row["success_once"] for row in rows),
        "success_at_end": proportion(row["success_at_end"] for row in rows),
    }
