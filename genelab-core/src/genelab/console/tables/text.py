"""Plain-text tables. Light, unlike rich: `genelab list` has 0.3 s in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genelab.eval.document import Interval


def table(rows: Sequence[Sequence[str]], headings: Sequence[str] = (), *, numbers: bool = False) -> str:
    """Return `rows` as columns aligned to the left; with `numbers`, all but the first to the right."""
    lines = [list(headings), *rows] if headings else list(rows)
    if not lines:
        return ""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    sides = [str.rjust if numbers and column else str.ljust for column in range(len(widths))]
    return "\n".join(
        "  ".join(side(cell, width) for side, cell, width in zip(sides, line, widths, strict=True)).rstrip()
        for line in lines
    )


def number(value: float | None) -> str:
    """Return a number to four digits, a whole one with all of them; a dash for none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def interval(limits: Interval | None) -> str:
    """Return the limits of an interval; a dash for none."""
    return "–" if limits is None else f"{number(limits.low)} … {number(limits.high)}"
