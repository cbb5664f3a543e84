"""What `sim2sim` prints: the evaluation, the differences from Genesis, the first second, and what to beware of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genelab.console.tables.eval import console, number, print_report, table_of

_UNITS = {"joint_pos": "rad, m", "joint_vel": "rad/s, m/s", "base_pos": "m", "base_angle": "rad"}


def print_sim2sim(document: dict[str, Any], path: Path) -> None:
    """Print the document of `genelab.sim2sim.running.sim2sim`; warnings go to standard error."""
    evaluation = {**document["evaluation"], "warnings": []}
    engine = document["engine"]
    click.echo(f"{document['policy']} in {engine['name']} {engine['version']}")
    print_report(evaluation, path)
    if document["differences"] is not None:
        _print_differences(document["differences"], engine["name"])
    if document["trajectory"] is not None:
        _print_trajectory(document["trajectory"])
    for warning in document["warnings"]:
        click.echo(f"warning: {warning}", err=True)


def _print_differences(differences: list[dict[str, Any]], engine: str) -> None:
    table = table_of(
        "differences, episode by episode", "metric", "n", "Genesis", engine, "difference", "95 % interval", "largest"
    )
    for row in differences:
        interval = "–" if row["low"] is None else f"{number(row['low'])} … {number(row['high'])}"
        numbers = [number(row[key]) for key in ("reference", "candidate", "difference")]
        table.add_row(row["metric"], str(row["n"]), *numbers, interval, number(row["largest"]))
    console().print(table)


def _print_trajectory(trajectory: dict[str, Any]) -> None:
    title = f"the first second from the same states, {trajectory['episodes']} episodes: largest difference from Genesis"
    times = list(trajectory["open_loop"]["joint_pos"]["at"])
    table = table_of(title, "quantity", "unit", *(f"{time} s" for time in times))
    for loop, label in (("open_loop", "same actions"), ("closed_loop", "policy in the loop")):
        for name, numbers in trajectory[loop].items():
            largest = [number(numbers["at"][time]["max"]) for time in times]
            table.add_row(f"{name}, {label}", _UNITS[name], *largest)
    console().print(table)
    term, largest = max(trajectory["observations"].items(), key=lambda item: item[1])
    click.echo(f"observations in Genesis' own states differ by at most {largest:.1e} ({term})")
