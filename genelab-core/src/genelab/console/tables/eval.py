"""What `eval` and `compare` print: tables with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from genelab.eval.comparison import Comparison


def print_report(document: dict[str, Any], path: Path) -> None:
    """Print an evaluation: one row per number with its interval, why episodes ended, warnings on standard error."""
    made = document["aggregates"]
    title = f"{document['task']}  {document['checkpoint'] or document['policy']['kind']}"
    table = table_of(title, "metric", "n", "mean", "95 % interval", "std", "min", "max")
    for name in ("return", "length"):
        _add_aggregate(table, name, made[name], made["headline"])
    for name in ("success_at_end", "success_once"):
        if made[name] is not None:
            _add_proportion(table, name, made[name], made["headline"])
    for name, numbers in made["custom"].items():
        _add_aggregate(table, name, numbers, made["headline"])
    for name, numbers in made["reward_terms"].items():
        _add_aggregate(table, f"reward {name}", numbers, made["headline"])
    console().print(table)
    ends = ", ".join(f"{count} {cause}" for cause, count in made["terminations"].items())
    click.echo(f"episodes ended by: {ends}")
    click.echo(f"{path}  ({document['num_episodes']} episodes, {document['wall_clock_seconds']:.1f} s)")
    for warning in document["warnings"]:
        click.echo(f"warning: {warning['message']}", err=True)


def print_comparison(comparisons: Sequence[Comparison], verdict: str, missing: Sequence[str] = ()) -> None:
    """Print one row per metric, what would settle the open ones, and the verdict over all."""
    table = table_of(
        "candidate against reference", "metric", "n", "reference", "candidate", "gain", "interval", "margin", "verdict"
    )
    for item in comparisons:
        interval = f"[{number(item.low)}, {number(item.high)}]"
        margin, gain = number(-item.margin), number(item.difference)
        means = (number(item.reference), number(item.candidate))
        table.add_row(item.metric, str(item.n), *means, gain, interval, margin, item.verdict)
    console().print(table)
    for item in comparisons:
        if item.lost:
            click.echo(
                f"{item.metric}: no value of the candidate in {item.lost} episodes that have one in the reference"
            )
        if item.more_episodes is not None:
            click.echo(f"{item.metric}: about {item.more_episodes} more episodes would settle it")
    for name in missing:
        click.echo(f"{name}: not compared, because only the reference has it; evaluate the candidate with its plugin")
    click.echo(verdict)


def console() -> Console:
    """Return a console that wraps nothing when the output goes to a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def table_of(title: str, first: str, *others: str) -> Table:
    """Return a table whose columns but the first are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _add_aggregate(table: Table, name: str, numbers: dict[str, Any], headline: str) -> None:
    label = f"{name} [{numbers['unit']}]" if "unit" in numbers else name
    mean, std, low, high = (number(numbers[key]) for key in ("mean", "std", "min", "max"))
    style = "bold" if name == headline else None
    table.add_row(escape(label), str(numbers["n"]), mean, _interval(numbers["ci"]), std, low, high, style=style)


def _add_proportion(table: Table, name: str, numbers: dict[str, Any], headline: str) -> None:
    interval, style = _interval(numbers["ci"]), "bold" if name == headline else None
    table.add_row(name, str(numbers["n"]), number(numbers["rate"]), interval, "", "", "", style=style)


def _interval(interval: dict[str, Any] | None) -> str:
    return "–" if interval is None else f"{number(interval['low'])} … {number(interval['high'])}"


def number(value: float | None) -> str:
    """Return a number to four digits, a dash for none."""
    return "–" if value is None else f"{value:.4g}"


def escape(text: str) -> str:
    """Return a text in which rich sees no markup."""
    return text.replace("[", r"\[")
