"""What `benchmark` prints: a row for each entry, group and task, and what became worse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genelab.console.tables.eval import console, escape, table_of
from genelab.console.tables.text import number


def print_benchmark(document: dict[str, Any], path: Path) -> None:
    """Print the report of a benchmark; failures and open questions line by line below the tables."""
    compared = "verdict" in document
    columns = ["checkpoint", "return", "max reward", "success %", "95 % interval", "episodes", "s"]
    table = table_of("benchmark", "task", *columns, *(["verdict"] if compared else []))
    for entry in document["entries"]:
        cells = [escape(entry["checkpoint"]), *_cells(entry["metrics"], entry["state"])]
        verdict = [(entry["comparison"] or {}).get("verdict") or "–"] if compared else []
        table.add_row(escape(entry["task"]), *cells, *verdict)
    console().print(table)
    blocks = {**document["per_group"], "overall": document["overall"]}
    if len(document["per_task"]) > 1:
        blocks = {**document["per_task"], **blocks}
    together = table_of("together", "of", "entries", "failed", *columns[1:])
    for name, block in blocks.items():
        together.add_row(escape(name), str(block["n_entries"]), str(block["n_failed"]), *_cells(block, "finished"))
    console().print(together)
    for entry in document["entries"]:
        for line in _remarks(entry):
            click.echo(f"{entry['name']}: {line}")
    for name in document.get("only_in_reference", []):
        click.echo(f"{name}: only the reference has it, so nothing can be said of it")
    click.echo(str(path))
    if compared:
        click.echo(document["verdict"])


def _cells(block: dict[str, Any] | None, state: str) -> list[str]:
    if block is None:
        return [state, "", "", "", "", ""]
    interval = "–"
    if block["success"] is not None:
        low, high = (100 * block["success"]["ci"][end] for end in ("low", "high"))
        interval = f"{number(low)} … {number(high)}"
    success = number(block["pc_success"])
    means = [number(block["avg_sum_reward"]), number(block["avg_max_reward"])]
    return [*means, success, interval, str(block["n_episodes"]), f"{block['eval_s']:.1f}"]


def _remarks(entry: dict[str, Any]) -> list[str]:
    """Return what is to be said of an entry: why it failed, and what each metric that did not pass was."""
    if entry["error"] is not None:
        return [f"{entry['state']}: {entry['error']}"]
    comparison = entry["comparison"]
    if comparison is None:
        return []
    if "why" in comparison:
        return [comparison["why"]]
    lines = [f"{name}: only the reference has it, so nothing can be said of it" for name in comparison["missing"]]
    for item in comparison["metrics"]:
        if item["verdict"] != "pass":
            change = f"{number(item['reference'])} → {number(item['candidate'])}"
            limits = f"[{number(item['low'])}, {number(item['high'])}], accepted {number(-item['margin'])}"
            more = item["more_episodes"]
            hint = "" if more is None else f"; about {more} more episodes would settle it"
            lines.append(f"{item['metric']} {item['verdict']}: {change}, gain {limits}{hint}")
    return lines
