"""What `eval` prints of strata: one table for each, metrics downward and bins across."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from genelab.console.tables.eval import console, escape, label, table_of
from genelab.eval.document import Aggregate, Evaluation, Proportion, Stratum

CELL_WIDTH, LABEL_WIDTH = 18, 32
"""Characters that a bin and the metrics' names take at most, frame included."""


def print_strata(evaluation: Evaluation) -> None:
    """Print each metric's mean with its interval below, bin by bin; wide tables in several parts."""
    groups: dict[str, list[Stratum]] = {}
    for item in evaluation.strata:
        groups.setdefault(next(iter(item.key)), []).append(item)
    for name, items in groups.items():
        for part in _parts(items, max(1, (console().width - LABEL_WIDTH) // CELL_WIDTH)):
            table = table_of(f"by {name}", "metric", *(f"{item.key[name]} (n={item.n})" for item in part))
            for row_label, numbers in _rows(part):
                table.add_row(escape(row_label), *map(_cell, numbers))
            console().print(table)


def _parts(items: Sequence[Stratum], most: int) -> Iterator[Sequence[Stratum]]:
    """Cut into as few parts as `most` items each allow, of about equal length."""
    size = math.ceil(len(items) / math.ceil(len(items) / most))
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _rows(items: Sequence[Stratum]) -> Iterator[tuple[str, list[Aggregate | Proportion | None]]]:
    """Yield each metric's label and its numbers in the bins."""
    yield "return", [item.return_ for item in items]
    for name in ("success_at_end", "success_once"):
        numbers = [getattr(item, name) for item in items]
        if any(number is not None for number in numbers):
            yield name, numbers
    for name, first in (items[0].custom or {}).items():
        yield label(name, first), [(item.custom or {})[name] for item in items]


def _cell(numbers: Aggregate | Proportion | None) -> str:
    if numbers is None or numbers.value is None:
        return "–"
    shown = "" if numbers.ci is None else f"\n{numbers.ci.low:.3g} … {numbers.ci.high:.3g}"
    return f"{numbers.value:.3g}{shown}"
