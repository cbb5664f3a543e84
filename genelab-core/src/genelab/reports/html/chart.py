"""Line charts as inline SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from genelab.reports.curves import Curve, MeanCurve, mean_curve
from genelab.reports.html.elements import Html, element
from genelab.reports.learning_curves import Panel

COLORS = 8
"""Colours of lines, `.c0` … of the style sheet; further lines begin again."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 10, 26
_MOST_POINTS = 600


@dataclass(frozen=True)
class _Frame:
    """The plotted ranges and where they lie, in the units of the view box."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        share = (value - self.x[0]) / (self.x[1] - self.x[0])
        return round(_LEFT + share * (self.width - _LEFT - _RIGHT), 1)

    def down(self, value: float) -> float:
        share = (value - self.y[0]) / (self.y[1] - self.y[0])
        return round(self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM), 1)


def chart(panel: Panel, *, width: int = 720, height: int = 260) -> Html | None:
    """Draw a panel: every curve, and over several the mean with its t interval; `None` if nothing in it is finite.

    Args:
        panel: What to draw.
        width: Of the view box; the picture itself is as wide as its place.
        height: Of the view box.
    """
    curves = {label: curve for label, curve in panel.curves.items() if len(curve.finite().steps)}
    if not curves:
        return None
    mean = mean_curve(list(curves.values())) if len(curves) > 1 else None
    frame = _Frame(width, height, *_ranges(curves, panel, mean))
    drawn = [_axes(frame)]
    if mean is not None and np.isfinite(mean.low).all():
        drawn.append(element("polygon", points=_outline(mean, frame), class_="band"))
    for index, (label, curve) in enumerate(curves.items()):
        drawn.append(_line(curve, frame, f"c{index % COLORS}" + (" one" if mean is not None else ""), label))
        if panel.dotted:
            drawn.append(_points(curve, panel.bounds.get(label), frame, f"c{index % COLORS}"))
    if mean is not None:
        drawn.append(_line(Curve(mean.steps, mean.mean), frame, "mean", "mean"))
    picture = element("svg", drawn, viewBox=f"0 0 {width} {height}", role="img", aria_label=panel.title)
    names = [*curves, *(["mean, 95 % t interval"] if mean is not None else [])]
    return element("figure", element("figcaption", panel.title), picture, _legend(names) if len(curves) > 1 else None)


def _ranges(
    curves: dict[str, Curve], panel: Panel, mean: MeanCurve | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    steps = np.concatenate([curve.finite().steps for curve in curves.values()])
    parts = [curve.finite().values for curve in curves.values()] + [
        panel.bounds[label].ravel() for label in panel.bounds
    ]
    if mean is not None:
        # A band far beyond the curves (two seeds that differ) is cut off: the curves are what is to be seen.
        inner = np.concatenate(parts)
        room = np.nanmax(inner) - np.nanmin(inner)
        band = np.concatenate([mean.low, mean.high])
        parts.append(np.clip(band, np.nanmin(inner) - room / 4, np.nanmax(inner) + room / 4))
    values = np.concatenate(parts)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.04 * (high - low) or abs(high) * 0.1 or 1.0
    return (0.0, max(float(steps.max()), 1.0)), (low - margin, high + margin)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return round numbers between two limits, at most about `count` of them and rarely less than half."""
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = size * next(factor for factor in (1, 2, 5, 10) if factor * size >= raw * 0.999)
    return [step * index for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def tick_label(value: float, spacing: float) -> str:
    """Return a tick's number, with as many digits as the spacing needs and a prefix for thousands and more."""
    size = max(abs(value), abs(spacing))
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            unit = 1e3 if suffix == "k" else limit
            return f"{value / unit:.{_digits(spacing / unit)}f} {suffix}" if value else "0"
    if size and size < 1e-3:
        return f"{value:.2g}"
    return f"{value:.{_digits(spacing)}f}"


def _digits(spacing: float) -> int:
    return max(0, -math.floor(math.log10(spacing) + 1e-9))


def _axes(frame: _Frame) -> Html:
    bottom, right = frame.height - _BOTTOM, frame.width - _RIGHT
    across, down = ticks(*frame.x, count=frame.width // 80), ticks(*frame.y, count=frame.height // 28)
    parts = []
    for value in down:
        y = frame.down(value)
        parts.append(element("line", x1=_LEFT, x2=right, y1=y, y2=y, class_="grid"))
        text = tick_label(value, down[-1] - down[-2] if len(down) > 1 else value or 1.0)
        parts.append(element("text", text, x=_LEFT - 6, y=y + 4, text_anchor="end"))
    for value in across:
        x = frame.across(value)
        parts.append(element("line", x1=x, x2=x, y1=_TOP, y2=bottom, class_="grid"))
        text = tick_label(value, across[-1] - across[-2] if len(across) > 1 else value or 1.0)
        parts.append(element("text", text, x=x, y=bottom + 15, text_anchor="middle"))
    parts.append(element("path", d=f"M{_LEFT} {_TOP}V{bottom}H{right}", class_="frame"))
    return element("g", parts)


def _line(curve: Curve, frame: _Frame, style: str, label: str) -> Html:
    """Draw a curve with a gap at every value that is not finite."""
    curve = thinned(curve)
    commands, pen_down = [], False
    for step, value in zip(curve.steps, curve.values, strict=True):
        if np.isfinite(value):
            commands.append(f"{'L' if pen_down else 'M'}{frame.across(step)} {frame.down(value)}")
        pen_down = bool(np.isfinite(value))
    return element("path", element("title", label), d="".join(commands), class_=f"line {style}")


def _points(curve: Curve, bounds: np.ndarray | None, frame: _Frame, style: str) -> Html:
    parts = []
    for index, (step, value) in enumerate(zip(curve.steps, curve.values, strict=True)):
        if not np.isfinite(value):
            continue
        x, told = frame.across(step), f"{value:.4g} at {step:,.0f}"
        if bounds is not None and np.isfinite(bounds[index]).all():
            low, high = bounds[index]
            told += f", 95 % interval {low:.4g} … {high:.4g}"
            parts.append(element("line", x1=x, x2=x, y1=frame.down(low), y2=frame.down(high), class_=f"line {style}"))
        parts.append(element("circle", element("title", told), cx=x, cy=frame.down(value), r=3, class_=f"dot {style}"))
    return element("g", parts)


def _outline(mean: MeanCurve, frame: _Frame) -> str:
    low, high = (np.clip(limit, *frame.y) for limit in (mean.low, mean.high))
    there = [f"{frame.across(step)},{frame.down(value)}" for step, value in zip(mean.steps, high, strict=True)]
    back = [f"{frame.across(step)},{frame.down(value)}" for step, value in zip(mean.steps, low, strict=True)]
    return " ".join([*there, *reversed(back)])


def thinned(curve: Curve, most: int = _MOST_POINTS) -> Curve:
    """Return at most about `most` points of a curve, keeping the lowest and the highest of each stretch."""
    if len(curve.steps) <= most:
        return curve
    known = curve.finite()
    kept: set[int] = {0, len(known.steps) - 1}
    for stretch in np.array_split(np.arange(len(known.steps)), most // 2):
        if len(stretch):
            kept |= {int(stretch[known.values[stretch].argmin()]), int(stretch[known.values[stretch].argmax()])}
    chosen = np.array(sorted(kept))
    return Curve(known.steps[chosen], known.values[chosen])


def _legend(names: list[str]) -> Html:
    styles = [f"c{index % COLORS}" for index in range(len(names))]
    if names[-1].startswith("mean,"):
        styles[-1] = "mean"
    entries = [
        element("li", element("span", class_=f"swatch {style}"), name)
        for style, name in zip(styles, names, strict=True)
    ]
    return element("ul", entries, class_="legend")
