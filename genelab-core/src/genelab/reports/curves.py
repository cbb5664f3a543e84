"""What runs logged while they trained, read from their event files and `evaluations.jsonl`, and the panels to draw.

A training that was continued left several event files, and iterations that it did again stand in two of them: what was
written last counts.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genelab.eval.statistics import LEVEL, stats
from genelab.runs.eval_schedule import TrainingEvaluation, read_training_evaluations
from genelab.runs.run_dir import STATUS
from genelab.utils.errors import GenelabError, first_line
from genelab.utils.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

RETURN, LENGTH = "Train/mean_reward", "Train/mean_episode_length"
"""Scalars that every backend logs."""

_EVENTS = "events.out.tfevents.*"


@dataclass(frozen=True)
class Curve:
    """One scalar of a run.

    Attributes:
        steps: Where it was logged `(n,)`, int64, ascending.
        values: Its values `(n,)`, float64; NaN where the run logged none or one that is not finite.
    """

    steps: np.ndarray
    values: np.ndarray

    def finite(self) -> Curve:
        """Return the points whose value is finite."""
        kept = np.isfinite(self.values)
        return Curve(self.steps[kept], self.values[kept])


@dataclass(frozen=True)
class MeanCurve:
    """The mean over runs with Student's t interval: all arrays `(m,)`."""

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def mean_curve(curves: Sequence[Curve], points: int) -> MeanCurve | None:
    """Return the mean of two or more curves at `points` steps of the range that they share; `None` if there is none."""
    known = [curve.finite() for curve in curves]
    if not all(len(curve.steps) for curve in known):
        return None
    first, last = max(curve.steps[0] for curve in known), min(curve.steps[-1] for curve in known)
    if first > last:
        return None
    grid = np.linspace(first, last, points if last > first else 1)
    values = np.stack([np.interp(grid, curve.steps, curve.values) for curve in known])
    mean = values.mean(axis=0)
    half = stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * stats.sem(values, axis=0)
    return MeanCurve(grid, mean, mean - half, mean + half)


class _Growing:
    """A curve while it is read: 16 bytes a point."""

    def __init__(self) -> None:
        self.steps, self.values = array("q"), array("d")

    def add(self, step: int, value: float) -> None:
        self.drop_from(step)
        self.steps.append(step)
        self.values.append(value)

    def drop_from(self, step: int) -> None:
        """Forget what was logged at `step` and later: the training did it again."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()

    def done(self) -> Curve:
        values = np.array(self.values)
        return Curve(np.array(self.steps), np.where(np.isfinite(values), values, np.nan))


@dataclass(frozen=True)
class RunLog:
    """What a run logged while it trained. Each kind is read when it is first asked for, once.

    Attributes:
        path: The run's directory.
    """

    path: Path

    def has_events(self) -> bool:
        """Return whether there are event files, which TensorBoard's reader is needed for."""
        return any(self.path.glob(_EVENTS))

    @cached_property
    def scalars(self) -> dict[str, Curve]:
        """Curves by name, in the order in which the names appeared; their steps are the backend's iterations.

        Raises:
            GenelabError: for an event file that cannot be read.
        """
        growing: dict[str, _Growing] = {}
        for path in sorted(self.path.glob(_EVENTS)):
            for event in _events(path):
                if event.HasField("session_log"):
                    for curve in growing.values():
                        curve.drop_from(event.step)
                for value in event.summary.value:
                    if value.HasField("simple_value"):
                        growing.setdefault(value.tag, _Growing()).add(event.step, value.simple_value)
        return {tag: curve.done() for tag, curve in growing.items()}

    @cached_property
    def evaluations(self) -> list[TrainingEvaluation]:
        """The evaluations during the training."""
        return read_training_evaluations(self.path)

    @cached_property
    def status(self) -> dict[str, Any]:
        """What `status.json` holds: how the training stands; nothing where that is not recorded."""
        return read_json(self.path / STATUS) if (self.path / STATUS).exists() else {}

    @property
    def env_steps_per_iteration(self) -> float | None:
        """Environment steps, over all envs, of an iteration of the backend; `None` for a run without a checkpoint."""
        iteration, env_steps = self.status.get("iteration"), self.status.get("env_steps")
        return env_steps / iteration if iteration and env_steps else None


def _events(path: Path) -> Iterator[Event]:
    """Yield the events of a file; a last one that a killed training left half-written is left out.

    The file is a row of TFRecords: length (uint64), its checksum, the event, its checksum. Checksums are not looked at:
    TensorBoard's own reader computes them in Python, which takes twenty times as long as all the rest.
    """
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

    size = path.stat().st_size
    understood = size == 0
    try:
        with path.open("rb") as file:
            while len(head := file.read(12)) == 12 and (length := int.from_bytes(head[:8], "little")) < size:
                record = file.read(length + 4)
                if len(record) == length + 4:
                    yield Event.FromString(record[:-4])
                    understood = True
    except (DecodeError, OSError) as error:
        raise GenelabError(f"cannot read {path.name}: {first_line(error)}", where=str(path.parent)) from error
    if not understood:  # every writer begins a file with the version of the format
        raise GenelabError(f"{path.name} holds no event", where=str(path.parent), fix="restore or remove the file")


@dataclass(frozen=True)
class Panel:
    """One quantity of one or several runs, to be drawn.

    Attributes:
        title: What it is, and over what.
        curves: By the runs' labels; the label of a run that stands alone may be empty.
        dotted: Whether it was measured now and then, so that the points themselves count.
        bounds: Confidence limits at the points of a curve, `(n, 2)`, by label; for those that have them.
    """

    title: str
    curves: dict[str, Curve]
    dotted: bool = False
    bounds: dict[str, np.ndarray] = field(default_factory=dict)

    def known(self) -> bool:
        """Return whether any value is finite."""
        return any(np.isfinite(curve.values).any() for curve in self.curves.values())


def horizontal_axis(logs: Mapping[str, RunLog]) -> str:
    """Return what curves of these runs are drawn over: environment steps, or iterations where those are unknown."""
    return "environment steps" if all(log.env_steps_per_iteration for log in logs.values()) else "iterations"


def learning_curves(logs: Mapping[str, RunLog]) -> list[Panel]:
    """Return a panel for each quantity that a training is judged by and any of the runs, given by label, logged."""
    axis, scalars = horizontal_axis(logs), _scaled_scalars(logs)
    at = "iteration" if axis == "iterations" else "env_steps"
    titles = {RETURN: "mean return of training episodes", LENGTH: "mean length of training episodes in steps"}
    panels = [Panel(f"{title}, over {axis}", scalars.get(tag, {})) for tag, title in titles.items()]
    for key, title in (("return", "mean return of evaluations"), ("success", "success rate of evaluations")):
        panel = Panel(f"{title}, over {axis}", {}, dotted=True)
        for label, log in logs.items():
            numbers = ((getattr(line, at), line.aggregates.named(key)) for line in log.evaluations)
            known = [(step, item) for step, item in numbers if item is not None and item.value is not None]
            limits = [(np.nan, np.nan) if item.ci is None else (item.ci.low, item.ci.high) for _, item in known]
            if known:
                steps, values = [step for step, _ in known], [item.value for _, item in known]
                panel.curves[label] = Curve(np.array(steps), np.array(values))
                panel.bounds[label] = np.array(limits)
        panels.append(panel)
    return [panel for panel in panels if panel.known()]


def other_scalars(logs: Mapping[str, RunLog]) -> list[Panel]:
    """Return a panel for every other scalar that the runs logged, sorted by name."""
    scalars = _scaled_scalars(logs)
    panels = [Panel(tag, scalars[tag]) for tag in sorted(scalars) if tag not in (RETURN, LENGTH)]
    return [panel for panel in panels if panel.known()]


def _scaled_scalars(logs: Mapping[str, RunLog]) -> dict[str, dict[str, Curve]]:
    """Return the curves of the runs over their common horizontal axis, by tag and label."""
    axis = horizontal_axis(logs)
    found: dict[str, dict[str, Curve]] = {}
    for label, log in logs.items():
        factor = 1.0 if axis == "iterations" else log.env_steps_per_iteration or 1.0
        for tag, curve in log.scalars.items():
            found.setdefault(tag, {})[label] = Curve(curve.steps * factor, curve.values)
    return found
