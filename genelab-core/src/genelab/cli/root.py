"""The root of the command line: finds commands without importing them, and turns errors into messages."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from genelab import __version__
from genelab.api import CommandSpec
from genelab.console.options.common import hyphens
from genelab.plugins.builtin import CORE_COMMANDS
from genelab.plugins.catalog import discovered, get_catalog
from genelab.plugins.selection import add_extra_plugins
from genelab.utils.errors import GenelabError
from genelab.utils.names import normalize
from genelab.utils.references import resolve

_CORE = {normalize(spec.name): spec for spec in CORE_COMMANDS}
_TOLERANT = {None, "list"}
"""Commands that show what there is, though a plugin of `--plugin` cannot be loaded."""


class RootGroup(click.Group):
    """Commands by reference: the core's from a table, the plugins' from the catalog."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _plugin_options_first(args))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GenelabError as error:
            if os.environ.get("GENELAB_DEBUG") == "1":
                raise
            click.echo(f"error: {error.format()}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [spec.name for spec in _all_commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import and return a command.

        Raises:
            GenelabError: for an unknown name (with the nearest), or a plugin's command that cannot be imported.
        """
        spec = _CORE.get(normalize(cmd_name))
        if spec is not None:
            return resolve(spec.command)
        spec = discovered().command(cmd_name)
        return discovered().load(spec, spec.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        catalog = discovered()
        for title, specs in (("Commands", catalog.own_commands), ("Commands of plugins", catalog.foreign_commands)):
            if specs:
                with formatter.section(title):
                    formatter.write_dl([(spec.name, spec.summary) for spec in specs])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(spec.name, help=spec.summary) for spec in _all_commands() if spec.name.startswith(incomplete)
        ]


def _all_commands() -> list[CommandSpec]:
    return [*discovered().own_commands, *discovered().foreign_commands]


def _is_diagnostic(name: str | None) -> bool:
    """Return whether the command of this name reports on plugins itself, or needs none."""
    return any(spec.diagnostic and normalize(spec.name) == normalize(name or "") for spec in _all_commands())


def _plugin_options_first(args: list[str]) -> list[str]:
    """Return `args` with every `--plugin X` moved to the front, because it decides which commands there are."""
    first: list[str] = []
    rest: list[str] = []
    queue = list(args)
    while queue:
        token = queue.pop(0)
        if token == "--":
            rest += [token, *queue]
            break
        if token == "--plugin":
            first += [token, *queue[:1]]
            del queue[:1]
        elif token.startswith("--plugin="):
            first.append(token)
        else:
            rest.append(token)
    return first + rest


def _select_plugins(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> None:
    if value and not ctx.resilient_parsing:
        add_extra_plugins(value)


@click.group(
    cls=RootGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": hyphens, "max_content_width": 100},
    epilog="Config overrides go after a task: genelab train TASK --env.decimation 2. GENELAB_DEBUG=1 shows tracebacks.",
)
@click.option(
    "--plugin",
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=_select_plugins,
    metavar="MODULE|FILE",
    help="Load a plugin that is not installed, as package.module or path/file.py (repeatable, at any position).",
)
@click.version_option(__version__, prog_name="genelab")
@click.pass_context
def root(ctx: click.Context) -> None:
    """Train, evaluate, export and compare robot policies in the Genesis simulator."""
    if _is_diagnostic(ctx.invoked_subcommand):
        return
    for line in get_catalog().warnings():
        click.echo(line, err=True)
    if ctx.invoked_subcommand not in _TOLERANT:
        get_catalog().check_named()
    if ctx.invoked_subcommand is None:
        from genelab.cli.landing import landing_page

        click.echo(landing_page(get_catalog()))


def main() -> None:
    """Run the command line: exit status 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C.

    A command may return another status as an int.
    """
    try:
        status = root.main(prog_name="genelab", standalone_mode=False)
    except click.Abort as error:
        click.echo("interrupted", err=True)
        sys.exit(130 if isinstance(error.__context__, KeyboardInterrupt) else 1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(status if isinstance(status, int) else 0)
