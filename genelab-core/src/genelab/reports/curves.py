"""What a run logged while it trained, read from its TensorBoard event files and its `evaluations.jsonl`.

A training that was continued left several event files, and iterations that it did again stand in two of them: what was
written last counts.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from genelab.eval.statistics import LEVEL
from genelab.runs.run_dir import EVALUATIONS, STATUS
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

RETURN, LENGTH = "Train/mean_reward", "Train/mean_episode_length"
"""Scalars that every backend logs."""


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

    def scaled(self, factor: float) -> Curve:
        """Return the curve with its steps multiplied, as float64."""
        return Curve(self.steps * factor, self.values)

    def at(self, steps: np.ndarray) -> np.ndarray:
        """Return the values at `steps`, interpolated; NaN outside the curve's range."""
        known = self.finite()
        if len(known.steps) == 0:
            return np.full(len(steps), np.nan)
        return np.interp(steps, known.steps, known.values, left=np.nan, right=np.nan)


@dataclass(frozen=True)
class MeanCurve:
    """The mean over runs, where all of them have values.

    Attributes:
        steps: Grid `(m,)`.
        mean: Mean over the runs `(m,)`.
        low: Lower limit of Student's t interval `(m,)`; NaN for a single run.
        high: Upper limit.
    """

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def mean_curve(curves: Sequence[Curve], points: int = 200) -> MeanCurve | None:
    """Return mean and interval of curves on a grid of `points` steps; `None` where they have no range in common."""
    known = [curve for curve in (curve.finite() for curve in curves) if len(curve.steps)]
    if not known or len(known) < len(curves):
        return None
    first, last = max(curve.steps[0] for curve in known), min(curve.steps[-1] for curve in known)
    if first > last:
        return None
    grid = np.linspace(first, last, points if last > first else 1)
    values = np.stack([curve.at(grid) for curve in known])
    mean = values.mean(axis=0)
    half = np.full(len(grid), np.nan)
    if len(known) > 1:
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


def read_scalars(run: Path, tags: Collection[str] | None = None) -> dict[str, Curve]:
    """Read the scalars of a run, one event at a time; a run without event files has none.

    Args:
        run: A run directory.
        tags: Names to read; `None` for all.

    Returns:
        Curves by name, in the order in which the names appeared. Their steps are the backend's iterations.

    Raises:
        UsageError: if TensorBoard's reader is not installed.
        GenelabError: for a file that cannot be read.
    """
    growing: dict[str, _Growing] = {}
    for path in sorted(run.glob("events.out.tfevents.*")):
        for event in _events(path):
            if event.HasField("session_log"):
                for curve in growing.values():
                    curve.drop_from(event.step)
            for value in event.summary.value:
                if value.HasField("simple_value") and (tags is None or value.tag in tags):
                    growing.setdefault(value.tag, _Growing()).add(event.step, value.simple_value)
    return {tag: curve.done() for tag, curve in growing.items()}


def _events(path: Path) -> Iterator[Event]:
    """Yield the events of a file; a last one that a killed training left half-written is left out."""
    try:
        from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
        from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]
    except ImportError as error:
        raise UsageError(
            f"reading event files needs TensorBoard: {first_line(error)}", fix="pip install 'genelab-core[report]'"
        ) from None
    from google.protobuf.message import DecodeError

    understood = path.stat().st_size == 0
    try:
        for record in RawEventFileLoader(str(path)).Load():
            understood = True
            yield Event.FromString(record)
    except (DecodeError, OSError) as error:
        raise GenelabError(f"cannot read {path.name}: {first_line(error)}", where=str(path.parent)) from error
    if not understood:  # every writer begins a file with the version of the format
        raise GenelabError(f"{path.name} holds no event", where=str(path.parent), fix="restore or remove the file")


def read_evaluations(run: Path) -> list[dict[str, Any]]:
    """Return what `evaluations.jsonl` of a run holds, one dict for each evaluation during the training.

    A last line that is being written is left out.
    """
    path = run / EVALUATIONS
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    try:
        return [json.loads(line) for line in lines if line.endswith("\n")]
    except ValueError as error:
        raise GenelabError(f"{EVALUATIONS} is damaged: {error}", where=str(path)) from error


def env_steps_per_iteration(run: Path) -> float | None:
    """Return how many environment steps, over all envs, an iteration of the run's backend takes.

    `None` for a run that has no checkpoint yet.
    """
    status = read_json(run / STATUS) if (run / STATUS).exists() else {}
    if not status.get("iteration") or not status.get("env_steps"):
        return None
    return status["env_steps"] / status["iteration"]
