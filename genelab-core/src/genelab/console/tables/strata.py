"""What `eval` prints of strata: one table for each, metrics downward and bins across."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from genelab.console.tables.eval import console, escape, table_of

CELL_WIDTH, LABEL_WIDTH = 18, 32
"""Characters that a bin and the metrics' names take at most, frame included."""


def print_strata(document: dict[str, Any]) -> None:
    """Print each metric's mean with its interval below, bin by bin; wide tables in several parts."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in document["strata"]:
        groups.setdefault(next(iter(item["key"])), []).append(item)
    for name, items in groups.items():
        for part in _parts(items, max(1, (console().width - LABEL_WIDTH) // CELL_WIDTH)):
            table = table_of(f"by {name}", "metric", *(f"{item['key'][name]} (n={item['n']})" for item in part))
            for label, *numbers in _rows(part):
                table.add_row(escape(label), *map(_cell, numbers))
            console().print(table)


def _parts(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Cut into as few parts as `most` items each allow, of about equal length."""
    size = math.ceil(len(items) / math.ceil(len(items) / most))
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _rows(items: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield each metric's label and its aggregates in the bins."""
    yield ("return", *(item["return"] for item in items))
    for name in ("success_at_end", "success_once"):
        if any(item[name] is not None for item in items):
            yield (name, *(item[name] for item in items))
    for name, first in items[0]["custom"].items():
        label = f"{name} [{first['unit']}]" if "unit" in first else name
        yield (label, *(item["custom"][name] for item in items))


def _cell(numbers: dict[str, Any] | None) -> str:
    mean = None if numbers is None else numbers.get("mean", numbers.get("rate"))
    if numbers is None or mean is None:
        return "–"
    interval = numbers["ci"]
    shown = "" if interval is None else f"\n{interval['low']:.3g} … {interval['high']:.3g}"
    return f"{mean:.3g}{shown}"
