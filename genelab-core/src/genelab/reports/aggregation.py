"""What several seeds of a task say together, and several tasks: the seed is the unit, not the episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genelab.eval import statistics
from genelab.eval.comparison import protocol_differences
from genelab.eval.document import Evaluation, Interval
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


@dataclass(frozen=True)
class Point:
    """The value of one seed."""

    seed: int
    value: float


@dataclass(frozen=True)
class Measure:
    """What the seeds of a task say together.

    Attributes:
        points: The seeds that have a value, `n` of them.
        std: The sample's, `None` for a single seed.
        interval: Student's t, `None` for a single seed.
        missing: Seeds without a value.
    """

    points: list[Point]
    n: int
    mean: float
    std: float | None
    interval: Interval | None
    missing: list[int]


@dataclass(frozen=True)
class GroupedRun:
    """A run of a group and how its training stands, `None` where that is not recorded."""

    seed: int
    path: str
    status: str | None


@dataclass(frozen=True)
class GroupReport:
    """The seeds of a task; `curves` is the drawing, relative to the report's folder."""

    name: str
    task: str
    backend: str | None
    runs: list[GroupedRun]
    measures: dict[str, Measure]
    warnings: list[str]
    curves: str | None = None


@dataclass(frozen=True)
class Score:
    """The interquartile mean (IQM) of the normalised scores of all seeds of all tasks.

    Attributes:
        normalization: The values that score 0 and 1 (`low`, `high`) by task; `None` for rates as they are.
        scores: By task, one for each seed.
    """

    metric: str
    normalization: dict[str, dict[str, float]] | None
    scores: dict[str, list[float]]
    n: int
    iqm: float
    interval: Interval
    why_not: None = None


@dataclass(frozen=True)
class NoScore:
    """Why there is no score over the tasks."""

    iqm: None = None
    interval: None = None
    why_not: str = ""


@dataclass(frozen=True)
class AggregateReport:
    """What `aggregate.json` holds; `over_tasks` is `None` for a single group."""

    schema: str
    folder: str
    created_at: str
    metric: str | None
    groups: list[GroupReport]
    over_tasks: Score | NoScore | None


def aggregate_groups(
    groups: Sequence[RunGroup], *, folder: Path, metric: str | None = None, scales: Scales | None = None
) -> AggregateReport:
    """Take the seeds of each group together, and the groups.

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
    known = dict.fromkeys(name for group in made for name in group.measures)
    if metric is not None and metric not in known:
        raise unknown_name("metric", metric, known, where="--metric")
    chosen = metric or _headline(made)
    over_tasks = _over_tasks(made, chosen, scales) if len(made) > 1 else None
    return AggregateReport(SCHEMA, str(folder), now(), chosen, made, over_tasks)


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


def _aggregate(group: RunGroup) -> GroupReport:
    evaluations = {run.seed: read_report(run.eval_path, rows=False) for run in group.runs if run.eval_path.exists()}
    _require_one_protocol(group, evaluations)
    by_seed = {run.seed: _measures(run, evaluations.get(run.seed)) for run in group.runs}
    names = dict.fromkeys(name for measures in by_seed.values() for name in measures)
    runs = [GroupedRun(run.seed, str(run.path), run.status.get("status")) for run in group.runs]
    return GroupReport(
        group.name,
        group.task,
        group.backend,
        runs,
        {name: summarize({seed: measures.get(name) for seed, measures in by_seed.items()}) for name in names},
        [
            f"seed {run.seed} is {run.status}: what it has reached counts"
            for run in runs
            if run.status not in (None, "finished")
        ],
    )


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


def summarize(values: Mapping[int, float | None]) -> Measure:
    """Take the values of the seeds together that have one."""
    points = [Point(seed, value) for seed, value in values.items() if value is not None]
    missing = [seed for seed, value in values.items() if value is None]
    x = np.array([point.value for point in points])
    if len(x) == 1:
        return Measure(points, 1, float(x[0]), None, None, missing)
    interval = Interval(*statistics.student_t(x), statistics.LEVEL, "student_t")
    return Measure(points, len(points), float(x.mean()), float(x.std(ddof=1)), interval, missing)


def _headline(made: Sequence[GroupReport]) -> str | None:
    def complete(name: str) -> bool:
        return all(name in group.measures and not group.measures[name].missing for group in made)

    return next((name for name in HEADLINES if complete(name)), None)


def _over_tasks(made: Sequence[GroupReport], metric: str | None, scales: Scales | None) -> Score | NoScore:
    tasks = [group.task for group in made]
    repeated = sorted({task for task in tasks if tasks.count(task) > 1})
    if repeated:
        names = ", ".join(group.name for group in made if group.task in repeated)
        return NoScore(why_not=f"{', '.join(repeated)} is there more than once ({names}); name a folder with one each")
    if metric is None:
        return NoScore(why_not=f"not every seed of every task has one of {', '.join(HEADLINES)}; see --eval")
    if metric != SUCCESS and scales is None:
        return NoScore(
            why_not=f"{metric} has another scale in each task, so a mean over tasks would be that of the task with the "
            "largest numbers; say with --normalize which values score 0 and 1 in each"
        )
    scores = {
        group.task: _scores(group, metric, (0.0, 1.0) if scales is None else _scale(group.task, scales))
        for group in made
    }
    return Score(
        metric,
        None if scales is None else {task: dict(zip(("low", "high"), scales[task], strict=True)) for task in scores},
        {task: values.tolist() for task, values in scores.items()},
        sum(len(values) for values in scores.values()),
        statistics.iqm(np.concatenate(list(scores.values()))),
        Interval(
            *statistics.stratified_bootstrap_iqm(list(scores.values())),
            statistics.LEVEL,
            "stratified_bootstrap_percentile",
            statistics.RESAMPLES,
            statistics.BOOTSTRAP_SEED,
        ),
    )


def _scale(task: str, scales: Scales) -> tuple[float, float]:
    if task not in scales:
        close = nearest(task, scales)
        raise UsageError(
            f"the normalisation has no {task}",
            where="--normalize",
            fix=f"did you mean it by {', '.join(close)}?" if close else "add its low and high",
        )
    return scales[task]


def _scores(group: GroupReport, metric: str, scale: tuple[float, float]) -> np.ndarray:
    measure = group.measures.get(metric)
    if measure is None or measure.missing:
        missing = "any seed" if measure is None else f"seeds {measure.missing}"
        raise UsageError(f"{group.name} has no {metric} of {missing}", fix="evaluate them with --eval")
    low, high = scale
    return (np.array([point.value for point in measure.points]) - low) / (high - low)
