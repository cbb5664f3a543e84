"""What several seeds of a task say together, and several tasks: the seed is the unit, not the episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genelab.eval import statistics
from genelab.eval.comparison import protocol_differences
from genelab.eval.document import Evaluation
from genelab.eval.report import read_report
from genelab.reports.curves import LENGTH, RETURN
from genelab.reports.run_groups import RunGroup, SeedRun
from genelab.runs.run_dir import now
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import read_json
from genelab.utils.names import nearest, unknown_name

SCHEMA = "genelab.aggregate/1"
SUCCESS, EVAL_RETURN, TRAIN_RETURN = "eval/success_rate", "eval/return", "train/return"
HEADLINES = (SUCCESS, EVAL_RETURN, TRAIN_RETURN)
"""Measures that tasks are compared by: the first that every run has, unless the user names one."""

Scales = Mapping[str, tuple[float, float]]


def aggregate_groups(
    groups: Sequence[RunGroup], *, folder: Path, metric: str | None = None, scales: Scales | None = None
) -> dict[str, Any]:
    """Return what `aggregate.json` holds.

    Args:
        groups: Runs by task, see `find_groups`.
        folder: Where they were found.
        metric: Measure that tasks are compared by; `None` for the first of `HEADLINES` that every run has.
        scales: For each task the values of `metric` that score 0 and 1; needed for several tasks, except for rates.

    Raises:
        UsageError: for an unknown metric, or a task without a scale.
        GenelabError: if the evaluations of a group measured different things.
    """
    made = [_aggregate(group) for group in groups]
    known = dict.fromkeys(name for block in made for name in block["measures"])
    if metric is not None and metric not in known:
        raise unknown_name("metric", metric, known, where="--metric")
    chosen = metric or _headline(made)
    return {
        "schema": SCHEMA,
        "folder": str(folder),
        "created_at": now(),
        "metric": chosen,
        "groups": made,
        "over_tasks": _over_tasks(made, chosen, scales) if len(made) > 1 else None,
    }


def read_scales(path: Path) -> Scales:
    """Read a normalisation, `{"<task>": {"low": 0.0, "high": 40.0}, ...}`.

    Raises:
        UsageError: for another shape.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise UsageError("a normalisation is an object of tasks", where=str(path))
    made = {}
    for task, scale in document.items():
        try:
            low, high = float(scale["low"]), float(scale["high"])
        except (KeyError, TypeError, ValueError):
            raise UsageError(
                f"the scale of {task} is not an object with numbers low and high", where=str(path)
            ) from None
        if not np.isfinite([low, high]).all() or low == high:
            raise UsageError(f"low and high of {task} are {low} and {high}", where=str(path))
        made[task] = (low, high)
    return made


def _aggregate(group: RunGroup) -> dict[str, Any]:
    evaluations = {run.seed: read_report(run.eval_path, rows=False) for run in group.runs if run.eval_path.exists()}
    _require_one_protocol(group, evaluations)
    by_seed = {run.seed: _measures(run, evaluations.get(run.seed)) for run in group.runs}
    names = dict.fromkeys(name for measures in by_seed.values() for name in measures)
    statuses = {run.seed: run.status.get("status") for run in group.runs}
    unfinished = {seed: status for seed, status in statuses.items() if status not in (None, "finished")}
    return {
        "name": group.name,
        "task": group.task,
        "backend": group.backend,
        "runs": [{"seed": run.seed, "path": str(run.path), "status": statuses[run.seed]} for run in group.runs],
        "measures": {
            name: summarize({seed: measures.get(name) for seed, measures in by_seed.items()}) for name in names
        },
        "warnings": [f"seed {seed} is {status}: what it has reached counts" for seed, status in unfinished.items()],
    }


def _require_one_protocol(group: RunGroup, evaluations: Mapping[int, Evaluation]) -> None:
    seeds = list(evaluations)
    for seed in seeds[1:]:
        different = protocol_differences(evaluations[seeds[0]], evaluations[seed])
        if different:
            raise GenelabError(
                f"the evaluations of seeds {seeds[0]} and {seed} measure different things:\n    "
                + "\n    ".join(different),
                where=group.name,
                fix="evaluate all of them with the same episodes, seed and configuration",
            )


def _measures(run: SeedRun, evaluation: Evaluation | None) -> dict[str, float]:
    """Return what a run reached, without what it does not know: the last values of its training, its evaluation."""
    made: dict[str, float | None] = {}
    for tag, name in ((RETURN, TRAIN_RETURN), (LENGTH, "train/length")):
        if tag in run.scalars and len(values := run.scalars[tag].finite().values):
            made[name] = float(values[-1])
    if evaluation is not None:
        made |= {
            EVAL_RETURN: evaluation.metrics["return_mean"],
            "eval/length": evaluation.metrics["length_mean"],
            SUCCESS: evaluation.metrics["success_rate"],
            **{f"eval/{name}": numbers.mean for name, numbers in evaluation.aggregates.custom.items()},
        }
    return {name: value for name, value in made.items() if value is not None}


def summarize(values: Mapping[int, float | None]) -> dict[str, Any]:
    """Return points, mean, standard deviation and Student's t interval of the seeds that have a value."""
    points = [{"seed": seed, "value": value} for seed, value in values.items() if value is not None]
    x = np.array([point["value"] for point in points])
    interval = None
    if len(x) > 1:
        low, high = statistics.student_t(x)
        interval = {"low": low, "high": high, "level": statistics.LEVEL, "method": "student_t"}
    return {
        "points": points,
        "n": len(points),
        "mean": float(x.mean()),
        "std": float(x.std(ddof=1)) if len(x) > 1 else None,
        "interval": interval,
        "missing": [seed for seed, value in values.items() if value is None],
    }


def _headline(made: Sequence[dict[str, Any]]) -> str | None:
    def complete(name: str) -> bool:
        return all(name in block["measures"] and not block["measures"][name]["missing"] for block in made)

    return next((name for name in HEADLINES if complete(name)), None)


def _over_tasks(made: Sequence[dict[str, Any]], metric: str | None, scales: Scales | None) -> dict[str, Any]:
    """Return the interquartile mean of the normalised scores of all seeds of all tasks, or why there is none."""
    tasks = [block["task"] for block in made]
    repeated = sorted({task for task in tasks if tasks.count(task) > 1})
    if repeated:
        names = [block["name"] for block in made if block["task"] in repeated]
        return _refused(
            f"{', '.join(repeated)} stands more than once ({', '.join(names)}); name a folder with one each"
        )
    if metric is None:
        return _refused(f"no measure of {', '.join(HEADLINES)} is known of every seed of every task; see --eval")
    if metric != SUCCESS and scales is None:
        return _refused(
            f"{metric} has another scale in each task, so a mean over tasks would be that of the task with the largest "
            "numbers; say with --normalize which values score 0 and 1 in each"
        )
    scores = {
        block["task"]: _scores(block, metric, (0.0, 1.0) if scales is None else _scale(block, scales)) for block in made
    }
    low, high = statistics.stratified_bootstrap_iqm(list(scores.values()))
    used = None if scales is None else {task: dict(zip(("low", "high"), scales[task], strict=True)) for task in scores}
    return {
        "metric": metric,
        "normalization": used,
        "scores": {task: values.tolist() for task, values in scores.items()},
        "n": sum(len(values) for values in scores.values()),
        "iqm": statistics.iqm(np.concatenate(list(scores.values()))),
        "interval": {
            "low": low,
            "high": high,
            "level": statistics.LEVEL,
            "method": "stratified_bootstrap_percentile",
            "resamples": statistics.RESAMPLES,
            "seed": statistics.BOOTSTRAP_SEED,
        },
        "why_not": None,
    }


def _refused(why: str) -> dict[str, Any]:
    return {"iqm": None, "interval": None, "why_not": why}


def _scale(block: dict[str, Any], scales: Scales) -> tuple[float, float]:
    if block["task"] not in scales:
        close = nearest(block["task"], scales)
        raise UsageError(
            f"the normalisation has no {block['task']}",
            where="--normalize",
            fix=f"did you mean it by {', '.join(close)}?" if close else "add its low and high",
        )
    return scales[block["task"]]


def _scores(block: dict[str, Any], metric: str, scale: tuple[float, float]) -> np.ndarray:
    measure = block["measures"].get(metric)
    if measure is None or measure["missing"]:
        missing = "any seed" if measure is None else f"seeds {measure['missing']}"
        raise UsageError(f"{block['name']} has no {metric} of {missing}", fix="evaluate them with --eval")
    low, high = scale
    return (np.array([point["value"] for point in measure["points"]]) - low) / (high - low)
