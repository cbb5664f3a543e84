"""What `aggregate` prints: a table for each group of seeds, and the score over tasks or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genelab.console.tables.eval import console, escape, number, table_of


def print_aggregate(document: dict[str, Any], path: Path) -> None:
    """Print every measure of every group with its interval over seeds and its points."""
    for block in document["groups"]:
        seeds = ", ".join(str(run["seed"]) for run in block["runs"])
        title = f"{block['name']}  {block['backend'] or ''}  seeds {seeds}"
        table = table_of(escape(title), "measure", "n", "mean", "95 % t interval", "std", "points")
        for name, measure in block["measures"].items():
            interval = measure["interval"]
            limits = "–" if interval is None else f"{number(interval['low'])} … {number(interval['high'])}"
            points = "  ".join(number(point["value"]) for point in measure["points"])
            style = "bold" if name == document["metric"] else None
            cells = (number(measure["mean"]), limits, number(measure["std"]), points)
            table.add_row(escape(name), str(measure["n"]), *cells, style=style)
        console().print(table)
        for name, measure in block["measures"].items():
            if measure["missing"]:
                click.echo(f"{name}: unknown of seed {', '.join(map(str, measure['missing']))}")
        for warning in block["warnings"]:
            click.echo(f"warning: {block['name']}: {warning}", err=True)
        if block["curves"] is not None:
            click.echo(f"curves: {path.parent / block['curves']}")
    over = document["over_tasks"]
    if over is not None and over["iqm"] is None:
        click.echo(f"no score over tasks: {over['why_not']}")
    elif over is not None:
        low, high = (number(over["interval"][end]) for end in ("low", "high"))
        click.echo(f"IQM of {over['metric']} over {len(over['scores'])} tasks: {number(over['iqm'])} [{low}, {high}]")
    click.echo(str(path))
