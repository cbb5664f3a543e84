"""Curves of several seeds as a PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genelab.reports.curves import mean_curve
from genelab.reports.learning_curves import Panel
from genelab.utils.errors import UsageError, first_line
from genelab.utils.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def require_matplotlib() -> None:
    """Raise `UsageError` if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401  (imports nothing that needs a display)
    except ImportError as error:
        raise UsageError(
            f"drawing curves needs matplotlib: {first_line(error)}", fix="pip install 'genelab-core[report]'"
        ) from None


def write_figure(path: Path, title: str, axis: str, panels: list[Panel]) -> None:
    """Draw every seed's curve thin, and over two or more seeds the mean with its 95 % t interval.

    Args:
        path: PNG file to write or replace.
        title: Above the figure.
        axis: Name of the horizontal axis.
        panels: One below the other; at least one.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    figure = Figure(figsize=(8, 3.2 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
    for place, panel in zip(axes, panels, strict=True):
        _draw(place, panel)
        place.xaxis.set_major_formatter(EngFormatter(sep=" "))
    axes[-1].set_xlabel(axis)
    figure.suptitle(title, parse_math=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _draw(place: Axes, panel: Panel) -> None:
    many = len(panel.curves) > 1
    for label, curve in panel.curves.items():
        style = {"linewidth": 1, "alpha": 0.6 if many else 1.0}
        (line,) = place.plot(curve.steps, curve.values, label=label, marker="." if panel.dotted else None, **style)
        if label in panel.bounds:
            place.vlines(curve.steps, *panel.bounds[label].T, color=line.get_color(), **style)
    mean = mean_curve(list(panel.curves.values())) if many else None
    if mean is not None:
        place.plot(mean.steps, mean.mean, color="black", linewidth=2, label="mean")
        place.fill_between(
            mean.steps, mean.low, mean.high, color="black", alpha=0.15, linewidth=0, label="95 % t interval"
        )
    place.set_title(panel.title, fontsize="medium", loc="left")
    place.grid(alpha=0.3)
    place.legend(fontsize="small", ncols=2)
