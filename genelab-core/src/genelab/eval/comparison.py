"""Compares two evaluations of the same episodes: is the candidate worse than the reference by more than a margin?"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from genelab.eval import statistics
from genelab.eval.document import Evaluation, ProtocolRecord
from genelab.utils.errors import GenelabError

DEFAULT_MARGIN = 0.05

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Comparison:
    """One metric of a candidate against a reference.

    Attributes:
        metric: `"return"`, `"success"` or the name of a further metric.
        n: Episodes that have a value in both files.
        reference: Mean in the reference over these episodes.
        candidate: Mean in the candidate.
        difference: Mean improvement of the candidate: negative is worse, whatever the metric's direction.
        low: Lower limit of the improvement.
        high: Upper limit.
        level: Confidence level of these limits, after Holm's correction.
        margin: A loss up to here is accepted, in the metric's unit.
        verdict: `"pass"` (low ≥ −margin), `"fail"` (high < −margin), or `"inconclusive"`.
        more_episodes: Further episodes that would settle an inconclusive verdict if the difference stays what it is;
            `None` where none is needed or no number would do.
        lost: Episodes with a value in the reference and none in the candidate (a return that is not finite); any makes
            the verdict `"fail"`.
    """

    metric: str
    n: int
    reference: float
    candidate: float
    difference: float
    low: float
    high: float
    level: float
    margin: float
    verdict: str
    more_episodes: int | None = None
    lost: int = 0


@dataclass(frozen=True)
class ComparisonReport:
    """All metrics of a candidate against a reference.

    Attributes:
        verdict: `"fail"` if any metric fails, else `"inconclusive"` if any is or is missing, else `"pass"`.
        metrics: What was compared.
        missing: Metrics with a direction that only the reference has: nothing can be said of them.
    """

    verdict: str
    metrics: list[Comparison]
    missing: list[str]


@dataclass(frozen=True)
class _Pairs:
    """Values of the episodes that both files have, oriented so that more is better."""

    metric: str
    reference: np.ndarray
    candidate: np.ndarray
    margin: float
    binary: bool
    sign: float
    lost: int

    def limits(self, level: float) -> statistics.Interval:
        if self.binary:
            half = 0.5 * self.sign
            first, second = self.reference > half, self.candidate > half
            counts = (first & second, first & ~second, ~first & second, ~first & ~second)
            return statistics.newcombe_paired(*(int(count.sum()) for count in counts), level=level)
        return statistics.bootstrap_mean(self.candidate - self.reference, level)

    def verdict(self, level: float) -> str:
        low, high = self.limits(level)
        if self.lost or high < -self.margin:
            return "fail"
        return "pass" if low >= -self.margin or self._identical() else "inconclusive"

    def _identical(self) -> bool:
        return self.lost == 0 and bool(np.array_equal(self.reference, self.candidate))


def compare(reference: Evaluation, candidate: Evaluation, *, margin: float = DEFAULT_MARGIN) -> ComparisonReport:
    """Compare two evaluations (`genelab.eval.report.read_report`), paired by episode index.

    Return, success and every further metric that has a direction are compared; Holm's rule keeps the chance of any
    false verdict at 5 %. Files of equal values pass at any margin.

    Args:
        reference: The evaluation to hold on to.
        candidate: The new evaluation.
        margin: Accepted loss: of a rate as it is (0.05 is five percentage points), of other metrics as a fraction of
            the reference's scale, the larger of |mean| and standard deviation (so it works for negative returns).

    Raises:
        GenelabError: when no metric has two episodes with a value in both, or the candidate lost one altogether.
    """
    return compare_all({None: (reference, candidate)}, margin=margin)[None]


def compare_all(
    evaluations: Mapping[Key, tuple[Evaluation, Evaluation]], *, margin: float = DEFAULT_MARGIN
) -> dict[Key, ComparisonReport]:
    """Compare many pairs (reference, candidate) as `compare` does, with one error rate for all of them.

    Raises:
        GenelabError: as `compare`, if one of the pairs has nothing to compare.
    """
    claims: dict[tuple[Key, str], _Pairs] = {}
    for key, (reference, candidate) in evaluations.items():
        claims.update({(key, item.metric): item for item in _all_pairs(reference, candidate, margin)})
    levels = statistics.holm(claims, lambda claim, level: claims[claim].verdict(level) != "inconclusive")
    compared: dict[Key, list[Comparison]] = {key: [] for key in evaluations}
    for claim, item in claims.items():
        compared[claim[0]].append(_compared(item, levels[claim]))
    return {key: _judged(compared[key], _missing_metrics(*pair)) for key, pair in evaluations.items()}


def require_comparable(reference: Evaluation, candidate: Evaluation) -> None:
    """Raise `GenelabError` where `compare` would."""
    _all_pairs(reference, candidate, DEFAULT_MARGIN)


def _missing_metrics(reference: Evaluation, candidate: Evaluation) -> list[str]:
    known = candidate.aggregates.custom
    return [
        name
        for name, number in reference.aggregates.custom.items()
        if number.higher_is_better is not None and name not in known
    ]


def _judged(comparisons: list[Comparison], missing: list[str]) -> ComparisonReport:
    verdicts = [comparison.verdict for comparison in comparisons] + ["inconclusive" for _ in missing]
    return ComparisonReport(worst(verdicts), comparisons, missing)


def worst(verdicts: Collection[str]) -> str:
    """Return the verdict over several: `"fail"` if any fails, else `"inconclusive"` if any is, else `"pass"`."""
    return next(verdict for verdict in ("fail", "inconclusive", "pass") if verdict in verdicts)


def protocol_differences(reference: Evaluation, candidate: Evaluation) -> list[str]:
    """Return what must be equal for two evaluations to be compared and is not, one line each."""
    if reference.protocol.protocol_sha256 == candidate.protocol.protocol_sha256:
        return []
    irrelevant = {"num_envs", "overrides", "determinism", "protocol_sha256"}
    names = ["task", "num_episodes", "seed", "deterministic"]
    names += [field.name for field in fields(ProtocolRecord) if field.name not in irrelevant]
    first, second = ({**vars(one), **vars(one.protocol)} for one in (reference, candidate))
    different = [name for name in names if first[name] != second[name]]
    return [f"{name}: {first[name]} against {second[name]}" for name in different] or ["protocol_sha256 differs"]


def _all_pairs(reference: Evaluation, candidate: Evaluation, margin: float) -> list[_Pairs]:
    rows = {row["i"]: row for row in candidate.episodes}
    both = [(row, rows[row["i"]]) for row in reference.episodes if row["i"] in rows]
    made = [_pairs("return", [(a["return"], b["return"]) for a, b in both], margin)]
    outcomes = [(reference.aggregates.outcome(a), reference.aggregates.outcome(b)) for a, b in both]
    made.append(_pairs("success", outcomes, margin, binary=True))
    for name, number in reference.aggregates.custom.items():
        if number.higher_is_better is None or name not in candidate.aggregates.custom:
            continue
        values = [(a["metrics"].get(name), b["metrics"].get(name)) for a, b in both]
        sign = 1.0 if number.higher_is_better else -1.0
        made.append(_pairs(name, values, margin, binary=number.is_outcome, sign=sign))
    known = [item for item in made if item is not None]
    if not known:
        raise GenelabError("nothing to compare: no metric has a value in two episodes of both files")
    return known


def _pairs(
    metric: str,
    values: list[tuple[Any, Any]],
    margin: float,
    *,
    binary: bool = False,
    sign: float = 1.0,
) -> _Pairs | None:
    known = np.array([(float(a), float(b)) for a, b in values if a is not None and b is not None]).reshape(-1, 2)
    lost = sum(a is not None and b is None for a, b in values)
    if len(known) < 2:
        if lost:
            raise GenelabError(f"the candidate has no {metric} in {lost} episodes in which the reference has one")
        return None
    reference, candidate = sign * known[:, 0], sign * known[:, 1]
    scale = 1.0 if binary else max(abs(reference.mean()), reference.std(ddof=1))
    return _Pairs(metric, reference, candidate, float(margin * scale), binary, sign, lost)


def _compared(pairs: _Pairs, level: float) -> Comparison:
    low, high = pairs.limits(level)
    made = Comparison(
        metric=pairs.metric,
        n=len(pairs.reference),
        reference=float(pairs.sign * pairs.reference.mean()),
        candidate=float(pairs.sign * pairs.candidate.mean()),
        difference=float((pairs.candidate - pairs.reference).mean()),
        low=low,
        high=high,
        level=level,
        margin=pairs.margin,
        verdict=pairs.verdict(level),
        lost=pairs.lost,
    )
    return replace(made, more_episodes=_more_episodes(made))


def _more_episodes(made: Comparison) -> int | None:
    """Return how many further episodes bring the nearer limit to −margin: half-widths shrink with 1/√n."""
    distance = made.difference + made.margin
    if made.verdict != "inconclusive" or distance == 0.0:
        return None
    half_width = made.difference - made.low if distance > 0 else made.high - made.difference
    return max(1, math.ceil(made.n * (half_width / distance) ** 2) - made.n)
