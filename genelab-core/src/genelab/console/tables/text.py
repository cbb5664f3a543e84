"""Plain-text tables. Light, unlike rich: `genelab list` has 0.3 s in all."""

from __future__ import annotations

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], headings: Sequence[str] = ()) -> str:
    """Return `rows` as left-aligned columns; the last column is as wide as it is."""
    lines = [list(headings), *rows] if headings else list(rows)
    if not lines:
        return ""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
