"""What `eval` and `compare` print: tables with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from genelab.console.tables.text import interval, number
from genelab.eval.document import Aggregate, Evaluation, Proportion

if TYPE_CHECKING:
    from genelab.eval.comparison import ComparisonReport


def print_report(evaluation: Evaluation, path: Path) -> None:
    """Print an evaluation: one row per number with its interval, why episodes ended, warnings on standard error."""
    made = evaluation.aggregates
    title = f"{evaluation.task}  {evaluation.checkpoint or evaluation.policy.kind}"
    table = table_of(title, "metric", "n", "mean", "95 % interval", "std", "min", "max")
    basics = {name: made.named(name) for name in ("return", "length", "success_at_end", "success_once")}
    rewards = {f"reward {name}": numbers for name, numbers in made.reward_terms.items()}
    for name, numbers in {**basics, **made.custom, **rewards}.items():
        if numbers is not None:
            style = "bold" if name == made.headline else None
            table.add_row(*_cells(name, numbers), style=style)
    console().print(table)
    ends = ", ".join(f"{count} {cause}" for cause, count in made.terminations.items())
    click.echo(f"episodes ended by: {ends}")
    click.echo(f"{path}  ({evaluation.num_episodes} episodes, {evaluation.wall_clock_seconds:.1f} s)")
    for warning in evaluation.warnings:
        click.echo(f"warning: {warning['message']}", err=True)


def _cells(name: str, numbers: Aggregate | Proportion) -> list[str]:
    cells = [escape(label(name, numbers)), str(numbers.n), number(numbers.value), interval(numbers.ci)]
    if isinstance(numbers, Proportion):
        return [*cells, "", "", ""]
    return [*cells, number(numbers.std), number(numbers.min), number(numbers.max)]


def label(name: str, numbers: Aggregate | Proportion) -> str:
    """Return the name of a metric with its unit, if it has one."""
    unit = numbers.unit if isinstance(numbers, Aggregate) else None
    return f"{name} [{unit}]" if unit else name


def print_comparison(report: ComparisonReport) -> None:
    """Print one row per metric, what would settle the open ones, and the verdict over all."""
    table = table_of(
        "candidate against reference", "metric", "n", "reference", "candidate", "gain", "interval", "margin", "verdict"
    )
    for item in report.metrics:
        interval = f"[{number(item.low)}, {number(item.high)}]"
        margin, gain = number(-item.margin), number(item.difference)
        means = (number(item.reference), number(item.candidate))
        table.add_row(item.metric, str(item.n), *means, gain, interval, margin, item.verdict)
    console().print(table)
    for item in report.metrics:
        if item.lost:
            click.echo(
                f"{item.metric}: no value of the candidate in {item.lost} episodes that have one in the reference"
            )
        if item.more_episodes is not None:
            click.echo(f"{item.metric}: about {item.more_episodes} more episodes would settle it")
    for name in report.missing:
        click.echo(f"{name}: not compared, because only the reference has it; evaluate the candidate with its plugin")
    click.echo(report.verdict)


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


def escape(text: str) -> str:
    """Return a text in which rich sees no markup."""
    return text.replace("[", r"\[")
