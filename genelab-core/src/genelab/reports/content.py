"""What a section of a report is made from: what it is about, and the parts that a page shows.

    def energy(subject: ReportSubject) -> Section | None:
        rows = [[label, evaluation.metrics["energy"]] for label, evaluation in subject.evaluations.items()]
        return Section("Energy", [Table(["", "J"], rows)]) if rows else None

Every string is text and is escaped; only `markupsafe.Markup` is taken as HTML.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genelab.eval.document import Evaluation
from genelab.reports.curves import Panel, RunLog


@dataclass(frozen=True)
class ReportSubject:
    """What a page, or a chapter of one, is about: a run, the seeds of a task, or a benchmark.

    Attributes:
        kind: Which of these.
        runs: Folders and what was logged in them, by label: `""` for a single run, `"seed 1"` and so on, the entries of
            a benchmark (which log nothing).
        evaluations: What `eval.json` files hold, without their rows, by label.
    """

    kind: Literal["run", "seeds", "benchmark"]
    runs: Mapping[str, RunLog]
    evaluations: Mapping[str, Evaluation]


Tone = Literal["", "soft", "pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Text:
    """A paragraph, or what a table's cell holds, in the colour that its meaning has. A plain string is a `Text`."""

    text: str
    tone: Tone = ""


Cell = str | int | float | Text | None
"""Numbers are shown to four digits, `None` as a dash."""


@dataclass(frozen=True)
class Table:
    """A table that scrolls sideways where it is wider than the page.

    Attributes:
        head: Names of the columns; the first one names the rows.
        rows: Cells.
        emphasized: Indices of the rows to stress.
        words: Indices of the columns, besides the first, that hold words and not numbers.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    emphasized: Collection[int] = ()
    words: Collection[int] = ()


@dataclass(frozen=True)
class Card:
    """A number to see first: its name, its value and what is to be added."""

    label: str
    value: Cell
    more: str = ""


@dataclass(frozen=True)
class Cards:
    """Cards beside one another."""

    cards: Sequence[Card]


@dataclass(frozen=True)
class Charts:
    """Drawings, one below the other, or small and beside one another."""

    panels: Sequence[Panel]
    small: bool = False


@dataclass(frozen=True)
class Bars:
    """Shares of a whole, by name."""

    counts: Mapping[str, int]


@dataclass(frozen=True)
class Definitions:
    """Names with values; values that are `None` are left out."""

    items: Mapping[str, Any]


@dataclass(frozen=True)
class Code:
    """Text as it stands in a file."""

    text: str


@dataclass(frozen=True)
class Videos:
    """Video files by caption: inside the page while they fit, linked otherwise."""

    files: Mapping[str, Path]


@dataclass(frozen=True)
class Section:
    """Parts below a heading.

    Attributes:
        title: The heading.
        parts: What stands below it, other sections too.
        closed: Whether the parts are shown only when the heading is clicked.
    """

    title: str
    parts: Sequence[Part]
    closed: bool = False


Part = str | Text | Table | Cards | Charts | Bars | Definitions | Code | Videos | Section
