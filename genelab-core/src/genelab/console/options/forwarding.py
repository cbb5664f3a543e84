"""A command's own arguments, for the child processes that do a part of its work."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import click

from genelab.console.options.common import ARGUMENTS, split_overrides


def forwarded_arguments(ctx: click.Context, *, without: Collection[str]) -> list[str]:
    """Return the options and overrides that a task command was called with, as arguments of the same command.

    Args:
        ctx: The command's context.
        without: Names of the parameters to leave out; the task is always left out.
    """
    others, overrides = split_overrides(list(ctx.meta[ARGUMENTS]))
    given, _, _ = ctx.command.make_parser(ctx).parse_args(others)
    arguments: list[str] = []
    for option in ctx.command.get_params(ctx):
        if isinstance(option, click.Option) and option.name in given and option.name not in without:
            arguments += _spelled(option, given[option.name])
    return arguments + [f"--{path}={text}" for path, text in overrides]


def _spelled(option: click.Option, value: Any) -> list[str]:
    """Return an option with its raw value in the form that cannot be mistaken: `--name=value`."""
    name = max(option.opts, key=len)
    if option.is_flag:
        return [name if value else max(option.secondary_opts, key=len)]
    values = value if option.multiple else [value]
    return [f"{name}={item}" for item in values]
