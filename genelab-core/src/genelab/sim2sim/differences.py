"""The difference report: every number of an evaluation in another simulator against Genesis' evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from genelab.eval import statistics
from genelab.eval.document import Episode
from genelab.sim2sim.documents import MetricDifference


def metric_differences(reference: Sequence[Episode], candidate: Sequence[Episode]) -> list[MetricDifference]:
    """Return, for each number of the episodes, how it differs between two evaluations.

    Episodes are paired by index: both began in the same state. Intervals are bootstraps of the paired differences, of
    outcomes (success) Newcombe's.
    """
    pairs = list(zip(reference, candidate, strict=True))
    made = []
    for name, first, second in _columns(pairs):
        known = np.array([(float(a), float(b)) for a, b in zip(first, second, strict=True) if None not in (a, b)])
        if len(known) == 0:
            continue
        a, b = known.T
        low, high = _interval(name, a, b) or (None, None)
        largest = float(np.abs(b - a).max())
        made.append(
            MetricDifference(
                name, len(known), float(a.mean()), float(b.mean()), float((b - a).mean()), low, high, largest
            )
        )
    return made


def _interval(name: str, first: np.ndarray, second: np.ndarray) -> statistics.Interval | None:
    if len(first) < 2:
        return None
    if not name.startswith("success"):
        return statistics.bootstrap_mean(second - first)
    a, b = first > 0.5, second > 0.5
    return statistics.newcombe_paired(*(int(both.sum()) for both in (a & b, a & ~b, ~a & b, ~a & ~b)))


def _columns(pairs: list[tuple[Episode, Episode]]) -> Iterator[tuple[str, list[Any], list[Any]]]:
    for name in ("return", "length", "success_at_end", "success_once"):
        yield name, [a[name] for a, _ in pairs], [b[name] for _, b in pairs]
    for table, prefix in (("metrics", ""), ("reward_terms", "reward ")):
        names = dict.fromkeys(name for a, b in pairs for name in a[table] if name in b[table])
        for name in names:
            yield prefix + name, [a[table][name] for a, _ in pairs], [b[table][name] for _, b in pairs]
