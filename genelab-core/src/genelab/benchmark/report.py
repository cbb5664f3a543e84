"""What a benchmark reports: the numbers of `lerobot-eval` by entry, task, group and overall, and the comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from genelab.benchmark.reference import Reference
from genelab.benchmark.running import Benchmark, BenchmarkEntry
from genelab.eval.aggregates import proportion
from genelab.eval.comparison import compare_all, protocol_differences, require_comparable, worst
from genelab.eval.document import Evaluation
from genelab.utils.errors import GenelabError
from genelab.utils.records import to_record

DEFAULT_TOLERANCE = 0.1


def complete_report(
    benchmark: Benchmark, reference: Reference | None = None, tolerance: float = DEFAULT_TOLERANCE
) -> dict[str, Any]:
    """Write the report of what was measured and return it.

    Args:
        benchmark: The benchmark, all of whose jobs have ended.
        reference: What to compare with; `None` for no comparison.
        tolerance: Accepted loss: of a success rate as it is, of other metrics as a share of the reference's scale, the
            larger of |mean| and standard deviation.
    """
    reports = {entry.name: entry.result() for entry in benchmark.entries if entry.state == "finished"}
    for entry in benchmark.entries:
        entry.metrics = block([reports[entry.name]]) if entry.name in reports else None
    results = _blocks(benchmark.entries, reports)
    if reference is not None:
        results |= _compare(benchmark, reports, reference, tolerance)
    return benchmark.write(**results)


def _blocks(entries: Sequence[BenchmarkEntry], reports: Mapping[str, Evaluation]) -> dict[str, Any]:
    def taken_together(chosen: Sequence[BenchmarkEntry]) -> dict[str, Any]:
        known = [reports[entry.name] for entry in chosen if entry.name in reports]
        return {"n_entries": len(chosen), "n_failed": len(chosen) - len(known), **block(known)}

    tasks = dict.fromkeys(entry.entry.task for entry in entries)
    groups = dict.fromkeys(entry.entry.group for entry in entries if entry.entry.group is not None)
    return {
        "per_task": {task: taken_together([entry for entry in entries if entry.entry.task == task]) for task in tasks},
        "per_group": {
            group: taken_together([entry for entry in entries if entry.entry.group == group]) for group in groups
        },
        "overall": taken_together(entries),
    }


def block(reports: Sequence[Evaluation]) -> dict[str, Any]:
    """Return the numbers that `lerobot-eval` gives for evaluations taken together: every episode counts the same.

    A mean return over tasks whose rewards have different scales says little; the success rate is the number to read.

    Returns:
        `avg_sum_reward`, `avg_max_reward`, `pc_success` (percent; null unless every episode has an outcome),
        `n_episodes`, `eval_s`, `eval_ep_s`, and `success` with its interval.
    """
    rows = [row for report in reports for row in report.episodes]
    success = proportion(report.aggregates.outcome(row) for report in reports for row in report.episodes)
    seconds = math.fsum(report.wall_clock_seconds for report in reports)
    return {
        "avg_sum_reward": _mean([row["return"] for row in rows]),
        "avg_max_reward": _mean([row["metrics"]["max_reward"] for row in rows]),
        "pc_success": 100.0 * success.rate if success is not None and success.n == len(rows) else None,
        "n_episodes": len(rows),
        "eval_s": seconds,
        "eval_ep_s": seconds / len(rows) if rows else None,
        "success": to_record(success),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _compare(
    benchmark: Benchmark, reports: Mapping[str, Evaluation], reference: Reference, tolerance: float
) -> dict[str, Any]:
    """Set the comparison of every entry and return what follows for all of them."""
    matched = reference.match(benchmark.entries)
    _compare_entries(benchmark.entries, reports, reference, matched, tolerance)
    verdicts = {entry.name: entry.comparison["verdict"] for entry in benchmark.entries if entry.comparison is not None}
    used = {record["name"] for record in matched.values()}
    only_reference = [record["name"] for record in reference.records if record["name"] not in used]
    given = {*verdicts.values(), *(["inconclusive"] if only_reference else [])}
    return {
        "reference": str(reference.path),
        "tolerance": tolerance,
        "verdict": worst(given),
        "regressions": [name for name, verdict in verdicts.items() if verdict == "fail"],
        "only_in_reference": only_reference,
    }


def _compare_entries(
    entries: Sequence[BenchmarkEntry],
    reports: Mapping[str, Evaluation],
    reference: Reference,
    matched: Mapping[str, dict[str, Any]],
    tolerance: float,
) -> None:
    """Set the comparison of every entry, with one error rate for those whose episodes can be paired."""
    pairs: dict[str, tuple[Evaluation, Evaluation]] = {}
    for entry in entries:
        if entry.name not in matched:
            entry.comparison = {"verdict": None, "why": "the reference has no such entry"}
        elif entry.name not in reports:
            entry.comparison = {"verdict": "fail", "why": "it could not be evaluated"}
        else:
            pair = (reference.result(matched[entry.name]), reports[entry.name])
            entry.comparison = _incomparable(*pair)
            if entry.comparison is None:
                pairs[entry.name] = pair
    compared = compare_all(pairs, margin=tolerance)
    for entry in entries:
        if entry.name in compared:
            entry.comparison = to_record(compared[entry.name])


def _incomparable(reference: Evaluation, candidate: Evaluation) -> dict[str, Any] | None:
    """Return the verdict on an entry whose episodes cannot be paired with the reference's."""
    differences = protocol_differences(reference, candidate)
    if differences:
        return {"verdict": "inconclusive", "why": "measured differently: " + "; ".join(differences)}
    try:
        require_comparable(reference, candidate)
    except GenelabError as error:
        return {"verdict": "fail", "why": error.what}
    return None
