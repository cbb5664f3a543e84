"""Plain-text tables. Light, unlike rich: `genelab list` has 0.3 s in all."""

from __future__ import annotations

from collections.abc import Sequence


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
