"""MkDocs hook: write the reference of the command line from the commands themselves, as `--help` prints them."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.testing import CliRunner
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from genelab.cli import root
from genelab.plugins.catalog import discovered

PAGE = "reference/cli.md"
COLUMNS = 100

INTRODUCTION = """\
# Command line

Generated from the commands: what stands here is what `--help` prints.

- Option names may be spelled with `-` or `_`: `--num-envs` is `--num_envs`.
- A task's id may stand before or after the options; case, `-` and `_` do not count in it.
- `--env.decimation 2` overrides a field of the task's configuration; `genelab info TASK` lists them all.
- Exit status: 0 done, 1 failure, 2 wrong usage, 3 a comparison without a verdict, 130 and 143 after Ctrl-C and SIGTERM.
- `GENELAB_DEBUG=1` shows the traceback of an error.
"""


def command_help(path: tuple[str, ...]) -> str:
    """Return what `genelab PATH --help` prints on a terminal of 100 columns."""
    width = COLUMNS - 2  # click leaves two columns of a terminal free
    result = CliRunner().invoke(root, [*path, "--help"], prog_name="genelab", terminal_width=width)
    if result.exit_code != 0:
        raise RuntimeError(f"genelab {' '.join(path)} --help failed: {result.output}")
    return result.stdout


def command_paths() -> Iterator[tuple[str, ...]]:
    """Yield the core's commands, each followed by its sub-commands."""
    context = click.Context(root)
    for name in [spec.name for spec in discovered().own_commands]:
        yield (name,)
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, child) for child in command.list_commands(click.Context(command)))


def cli_reference() -> str:
    """Return the page."""
    parts = [INTRODUCTION, "## genelab\n", f"```text\n{command_help(())}```\n"]
    for path in command_paths():
        parts += [f"{'#' * (len(path) + 1)} genelab {' '.join(path)}\n", f"```text\n{command_help(path)}```\n"]
    return "\n".join(parts)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    files.append(File.generated(config, PAGE, content=cli_reference()))
    return files
