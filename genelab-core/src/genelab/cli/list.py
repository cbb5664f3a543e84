"""`genelab list`: everything that can be named. Calls no factory, opens no file."""

from __future__ import annotations

import json
from typing import Any

import click

from genelab.api import (
    BackendSpec,
    CommandSpec,
    EngineSpec,
    ExporterSpec,
    LauncherSpec,
    LoggerSpec,
    MetricSpec,
    ObservationKindSpec,
    Record,
    ReportSectionSpec,
    RunExtensionSpec,
    TaskSpec,
)
from genelab.console.options.common import json_option
from genelab.console.tables.text import table
from genelab.plugins.builtin import CORE_COMMANDS
from genelab.plugins.catalog import KINDS, Catalog, get_catalog


@click.command()
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option("--tag", help="Only tasks with this tag.")
@json_option
def command(kind: str | None, tag: str | None, as_json: bool) -> None:
    """List everything that can be named, or one KIND of it."""
    catalog = get_catalog()
    kinds = [kind] if kind else ["tasks"] if tag else list(KINDS)
    listed = {name: _rows(catalog, name, tag) for name in kinds}
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    sections = []
    for name, rows in listed.items():
        lines = table([_columns(row) for row in rows]).splitlines()
        sections.append("\n".join([f"{name} ({len(rows)})", *(f"  {line}" for line in lines)]))
    click.echo("\n\n".join(sections))


def _rows(catalog: Catalog, kind: str, tag: str | None) -> list[dict[str, Any]]:
    """Return a JSON object for each record of `kind`, sorted by name."""
    rows = []
    records: dict[str, Record] = getattr(catalog, kind)
    for name, record in records.items():
        if tag is not None and not (isinstance(record, TaskSpec) and tag in record.tags):
            continue
        plugin = catalog.owner(record)
        overrides = catalog.overridden(record)
        rows.append({"name": name, **_facts(record), "plugin": plugin.name, "overrides": overrides})
    if kind == "commands":
        core = [{"name": spec.name, **_facts(spec), "plugin": "core", "overrides": []} for spec in CORE_COMMANDS]
        rows = [*core, *rows]
    return rows


def _facts(record: Record) -> dict[str, Any]:
    match record:
        case TaskSpec():
            backends = {"agents": list(record.agents), "default_backend": record.default_backend}
            about = {"summary": record.summary, "kind": record.kind, "tags": list(record.tags)}
            return {**about, **backends, "warm_start": record.warm_start}
        case BackendSpec():
            return {"summary": record.summary, "capabilities": list(record.capabilities)}
        case ExporterSpec():
            return {"summary": record.summary, "suffix": record.suffix, "supports": list(record.supports)}
        case MetricSpec():
            return {"summary": record.summary, "unit": record.unit, "higher_is_better": record.higher_is_better}
        case ObservationKindSpec():
            return {"summary": record.summary, "kind": record.kind}
        case RunExtensionSpec():
            return {"summary": record.summary, "commands": list(record.commands)}
        case CommandSpec() | LauncherSpec() | LoggerSpec() | EngineSpec() | ReportSectionSpec():
            return {"summary": record.summary}
    raise TypeError(type(record).__name__)


def _columns(row: dict[str, Any]) -> list[str]:
    """Return name, details, summary and plugin as text."""
    lists = [row[key] for key in ("agents", "capabilities", "supports", "commands") if row.get(key)]
    details = lists[0] if lists else [row.get("unit") or ""]
    mark = f" (overrides {', '.join(row['overrides'])})" if row["overrides"] else ""
    return [row["name"] + mark, " ".join(details), row["summary"], f"[{row['plugin']}]"]
