"""`genelab plugins`: what is installed, what became of it, and what is wrong with it."""

from __future__ import annotations

import json

import click

from genelab.console.options.common import json_option
from genelab.console.tables.text import table
from genelab.plugins.catalog import discovered
from genelab.plugins.status import PluginStatus
from genelab.utils.names import normalize, unknown_name


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show and check plugins: status, ids, problems."""
    if ctx.invoked_subcommand is None:
        _print_list(as_json)


@command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List all plugins with their status."""
    _print_list(as_json)


@command.command("info")
@click.argument("name")
@json_option
def info_command(name: str, as_json: bool) -> None:
    """Show all that is known of plugin NAME (an entry-point or a distribution name)."""
    plugins = [plugin for plugin in discovered().plugins if _is_named(plugin, name)]
    if not plugins:
        raise unknown_name("plugin", name, [plugin.name for plugin in discovered().plugins])
    if as_json:
        click.echo(json.dumps([plugin.to_json() for plugin in plugins], indent=2))
        return
    for plugin in plugins:
        facts = [
            ("plugin", plugin.name),
            ("status", plugin.status),
            ("distribution", f"{plugin.distribution} {plugin.version or '(not installed)'}"),
            ("module", plugin.module),
            ("location", plugin.location or "not imported"),
            ("time", f"{plugin.milliseconds:.1f} ms"),
            ("hooks", ", ".join(plugin.hooks) or "none"),
            ("ids", ", ".join(plugin.ids) or "none"),
            *([("problem", plugin.problem)] if plugin.problem else []),
            *([("fix", plugin.fix)] if plugin.fix else []),
            *[("note", note) for note in plugin.notes],
        ]
        click.echo(table(facts))
        if plugin.traceback:
            click.echo(f"\n{plugin.traceback}")


@command.command("doctor")
@click.option("--strict", is_flag=True, help="Exit with 1 for notes and disabled plugins too.")
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, strict: bool, as_json: bool) -> None:
    """Check every plugin: import everything it refers to, versions, conflicts and hooks that are never called."""
    from genelab.plugins.checks import check_plugins

    findings = check_plugins(discovered())
    if as_json:
        click.echo(json.dumps([finding.to_json() for finding in findings], indent=2))
    elif not findings:
        click.echo(f"{len(discovered().plugins)} plugins, no problem")
    else:
        for finding in findings:
            click.echo(f"{finding.severity}: {finding.plugin}: {finding.problem}")
            if finding.fix:
                click.echo(f"  fix: {finding.fix}")
    if any(finding.severity == "error" or strict for finding in findings):
        ctx.exit(1)


def _print_list(as_json: bool) -> None:
    plugins = discovered().plugins
    if as_json:
        click.echo(json.dumps([plugin.to_json() for plugin in plugins], indent=2))
        return
    rows = [
        [
            plugin.name,
            plugin.status,
            plugin.distribution,
            plugin.version or "-",
            f"{plugin.milliseconds:.1f}",
            _last(plugin),
        ]
        for plugin in plugins
    ]
    click.echo(table(rows, ["plugin", "status", "distribution", "version", "ms", "ids or problem"]))


def _last(plugin: PluginStatus) -> str:
    if plugin.problem:
        return plugin.problem
    shown = ", ".join(plugin.ids[:4])
    return f"{shown}, … ({len(plugin.ids)})" if len(plugin.ids) > 4 else shown


def _is_named(plugin: PluginStatus, name: str) -> bool:
    return normalize(name) in (normalize(plugin.name), normalize(plugin.distribution))
