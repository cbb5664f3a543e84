"""The curves that a training is judged by, over environment steps where the runs know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genelab.reports.curves import LENGTH, RETURN, Curve, env_steps_per_iteration, read_evaluations, read_scalars

ENV_STEPS, ITERATIONS = "environment steps", "iterations"


@dataclass(frozen=True)
class Panel:
    """One quantity of several runs.

    Attributes:
        title: What it is.
        curves: By the runs' labels.
        dotted: Whether it was measured now and then, so that the points themselves count.
        bounds: Confidence limits at the points of a curve, `(n, 2)`, by label; for those that have them.
    """

    title: str
    curves: dict[str, Curve]
    dotted: bool = False
    bounds: dict[str, np.ndarray] = field(default_factory=dict)


def learning_curves(runs: dict[str, Path]) -> tuple[str, list[Panel]]:
    """Return the name of the horizontal axis and a panel for each quantity that any of the runs logged.

    Args:
        runs: Run directories by label.
    """
    factors = {label: env_steps_per_iteration(path) for label, path in runs.items()}
    axis = ENV_STEPS if all(factors.values()) else ITERATIONS
    scalars = {label: read_scalars(path, (RETURN, LENGTH)) for label, path in runs.items()}
    panels = []
    for tag, title in (
        (RETURN, "mean return of training episodes"),
        (LENGTH, "mean length of training episodes in steps"),
    ):
        curves = {label: known[tag] for label, known in scalars.items() if tag in known}
        if axis == ENV_STEPS:
            curves = {label: curve.scaled(factors[label] or 1.0) for label, curve in curves.items()}
        panels.append(Panel(title, curves))
    panels += _evaluations(runs, "env_steps" if axis == ENV_STEPS else "iteration")
    return axis, [panel for panel in panels if panel.curves]


def other_scalars(runs: dict[str, Path], axis: str) -> list[Panel]:
    """Return a panel for every other scalar that the runs logged, sorted by name.

    Args:
        runs: Run directories by label.
        axis: As `learning_curves` returns it.
    """
    found: dict[str, dict[str, Curve]] = {}
    for label, path in runs.items():
        factor = (env_steps_per_iteration(path) or 1.0) if axis == ENV_STEPS else 1.0
        for tag, curve in read_scalars(path).items():
            if tag not in (RETURN, LENGTH):
                found.setdefault(tag, {})[label] = curve.scaled(factor)
    return [Panel(tag, found[tag]) for tag in sorted(found)]


def _evaluations(runs: dict[str, Path], axis: str) -> list[Panel]:
    lines = {
        label: known for label, known in ((label, read_evaluations(path)) for label, path in runs.items()) if known
    }
    panels = []
    for key, title in (("return", "mean return of evaluations"), ("success", "success rate of evaluations")):
        panel = Panel(title, {}, dotted=True)
        for label, known in lines.items():
            points = [point for point in (_point(evaluation, axis, key) for evaluation in known) if point is not None]
            if points:
                steps, values, low, high = np.array(points, dtype=float).T
                panel.curves[label], panel.bounds[label] = Curve(steps, values), np.stack([low, high], axis=1)
        panels.append(panel)
    return panels


def _point(evaluation: dict[str, Any], axis: str, key: str) -> tuple[float, float, float, float] | None:
    """Return (step, value, low, high) of an evaluation; `None` if it has no such value."""
    made = evaluation["aggregates"]
    if key == "success":
        key = "success_once" if made["headline"] == "success_once" else "success_at_end"
    numbers = made[key]
    if numbers is None:
        return None
    value = numbers["mean"] if "mean" in numbers else numbers["rate"]
    if value is None:
        return None
    interval = numbers["ci"] or {"low": np.nan, "high": np.nan}
    return evaluation[axis], value, interval["low"], interval["high"]
