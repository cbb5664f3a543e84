"""The curves that a training is judged by, over environment steps where the runs know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genelab.runs.curves import LENGTH, RETURN, Curve, env_steps_per_iteration, read_evaluations, read_scalars

ENV_STEPS, ITERATIONS = "environment steps", "iterations"


@dataclass(frozen=True)
class Panel:
    """One quantity of several runs.

    Attributes:
        title: What it is.
        curves: By the runs' labels.
        dotted: Whether it was measured now and then, so that the points themselves count.
    """

    title: str
    curves: dict[str, Curve]
    dotted: bool = False


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
        (LENGTH, "mean length of training episodes, steps"),
    ):
        curves = {label: known[tag] for label, known in scalars.items() if tag in known}
        if axis == ENV_STEPS:
            curves = {label: curve.scaled(factors[label] or 1.0) for label, curve in curves.items()}
        panels.append(Panel(title, curves))
    panels += _evaluations(runs, "env_steps" if axis == ENV_STEPS else "iteration")
    return axis, [panel for panel in panels if panel.curves]


def _evaluations(runs: dict[str, Path], axis: str) -> list[Panel]:
    lines = {label: read_evaluations(path) for label, path in runs.items()}
    panels = []
    for key, title in (("return_mean", "mean return of evaluations"), ("success_rate", "success rate of evaluations")):
        curves = {label: _curve(known, axis, key) for label, known in lines.items() if known}
        panels.append(Panel(title, {label: c for label, c in curves.items() if len(c.finite().steps)}, dotted=True))
    return panels


def _curve(evaluations: Sequence[dict], axis: str, key: str) -> Curve:
    values = [evaluation["metrics"][key] for evaluation in evaluations]
    steps = np.array([evaluation[axis] for evaluation in evaluations])
    return Curve(steps, np.array([np.nan if value is None else value for value in values], dtype=float))
