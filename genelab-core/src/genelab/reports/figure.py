"""Drawings of panels, made by matplotlib: a PNG file, or an SVG that takes the colours of the page it stands in."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter
from matplotlib.transforms import offset_copy

from genelab.reports.curves import Panel, mean_curve
from genelab.utils.files import atomic_path

INK, SOFT, RULE = "#1d2126", "#5b6470", "#d9dde2"
LINES = ("#0072b2", "#d55e00", "#009e73", "#a3489f", "#b58900", "#3e8ec4", "#7a4f2a", "#6b7280")
VARIABLES = {INK: "--ink", SOFT: "--soft", RULE: "--rule", **{color: f"--c{i}" for i, color in enumerate(LINES)}}
"""Colours of a drawing, and the variables of the page's style sheet (`html/style.css`) that take their place."""

_POINTS = 72  # in an inch, the unit of SVG here
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.xmargin": 0.0,
    "font.size": 10,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": SOFT,
    "lines.markersize": 4,
    "path.simplify_threshold": 1.0,  # lines of thousands of points keep what a pixel can show
    "svg.fonttype": "none",  # text stays text, in the page's font
    "text.color": SOFT,
    "xtick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.color": SOFT,
    "ytick.major.size": 0,
}


@dataclass(frozen=True)
class Drawing:
    """A chart to stand in a page, without its title: an `<svg>` element, and the colours of its lines by label."""

    svg: Markup
    legend: dict[str, str]


def write_figure(path: Path, title: str, panels: list[Panel]) -> None:
    """Write a PNG with the panels, at least one, one below the other."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8, 3.2 * len(panels)), layout="constrained")
        for place, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            labels = _draw(place, panel, 8 * _POINTS)
            place.set_title(panel.title, fontsize="medium", loc="left", parse_math=False)
            if labels:
                below = offset_copy(place.transAxes, figure, y=-16, units="points")
                columns = max(1, 8 * _POINTS * len(labels) // sum(6 * len(label) + 45 for label in labels))
                legend = place.legend(loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, ncols=columns)
                for text in legend.get_texts():
                    text.set_parse_math(False)
        figure.suptitle(title, color=INK, parse_math=False)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png", dpi=120)


def inline_drawing(panel: Panel, *, width: int, height: int, number: int) -> Drawing:
    """Draw a panel for a page, in the colours and the font of the page.

    Args:
        panel: What to draw.
        width: Of the view box; the drawing itself is as wide as its place.
        height: Of the view box.
        number: Of the drawing in the page: identifiers in it depend on nothing else.
    """
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": str(number)}):
        figure = Figure(figsize=(width / _POINTS, height / _POINTS), facecolor="none")
        figure.subplots_adjust(left=58 / width, right=1 - 8 / width, top=1 - 8 / height, bottom=20 / height)
        labels = _draw(figure.subplots(), panel, width)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return Drawing(Markup(_compact(written.getvalue())), {label: VARIABLES[color] for label, color in labels.items()})


def _draw(place: Axes, panel: Panel, width: int) -> dict[str, str]:
    """Draw every run's curve, and over two or more runs the mean with its 95 % t interval.

    Args:
        place: Where to draw.
        panel: What to draw.
        width: Of the place, in points.

    Returns:
        The colours of labelled lines.
    """
    many = len(panel.curves) > 1
    labels: dict[str, str] = {}
    for index, (label, curve) in enumerate(panel.curves.items()):
        color = LINES[index % len(LINES)]
        style = {"color": color, "linewidth": 1.0 if many or width < 400 else 1.4, "alpha": 0.65 if many else 1.0}
        place.plot(curve.steps, curve.values, label=label, marker="o" if panel.dotted else None, **style)
        if label in panel.bounds:
            place.vlines(curve.steps, *panel.bounds[label].T, **style)
        if label:
            labels[label] = color
    mean = mean_curve(list(panel.curves.values()), points=width // 4) if many else None
    if mean is not None:
        # A band far beyond the curves (two seeds that differ) is cut off: the curves are what is to be seen.
        low, high = place.get_ylim()
        room = (high - low) / 4
        below, above = (np.clip(limit, low - room, high + room) for limit in (mean.low, mean.high))
        label = "mean, 95 % t interval"
        place.plot(mean.steps, mean.mean, color=INK, linewidth=2, label=label)
        place.fill_between(mean.steps, below, above, color=INK, alpha=0.12, linewidth=0)
        labels[label] = INK
    place.set_facecolor("none")
    place.set_xlim(*_horizontal_limits(panel))
    place.locator_params(axis="x", nbins=max(3, width // 80))
    place.xaxis.set_major_formatter(FuncFormatter(tick_label))
    place.yaxis.set_major_formatter(FuncFormatter(tick_label))
    place.grid()
    return labels


def _horizontal_limits(panel: Panel) -> tuple[float, float]:
    steps = np.concatenate([curve.finite().steps for curve in panel.curves.values()])
    return min(0.0, float(steps.min())), 1.01 * max(float(steps.max()), 0.0) or 1.0


def tick_label(value: float, position: int) -> str:
    """Return what stands at a tick: with a prefix for ten thousand and more."""
    return EngFormatter(sep=" ")(value) if abs(value) >= 1e4 else f"{value:g}"


_UNUSED = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<(?:style|clipPath).*?</defs>|<g id=\"[^\"]*\"/>|"
    r"\sid=\"(?!m[0-9a-f]{10}\")[^\"]*\"|\sclip-path=\"[^\"]*\"|\stransform=\"rotate\(-0[^\"]*\"|"
    rf"font-size:[^;]*;\s*|font-family:[^;]*;\s*|; fill: {SOFT}|; stroke-linecap: square",
    re.DOTALL,
)
"""What a drawing in a page does not need: its origin, names, clips of what is inside, and what the style sheet says."""


def _compact(svg: str) -> str:
    """Return the `<svg>` element alone, in the page's colours and font, to a tenth of a point."""
    svg = _UNUSED.sub("", svg[svg.index("<svg") :])
    svg = re.sub(r'\s(?:d|x|y)="[^"]*"', lambda found: _rounded(found.group()), svg)
    svg = re.sub("|".join(VARIABLES), lambda found: f"var({VARIABLES[found.group()]})", svg)
    return re.sub(r"</?g>|(?<=>)\s+(?=<)", "", svg) if "<g " not in svg else svg


def _rounded(attribute: str) -> str:
    short = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number.group()):.1f}".removesuffix(".0"), attribute)
    return " " + re.sub(r'\s*([MLz"])\s*', r"\1", short).strip()
