"""Commands that run extensions take part in, with the options that those add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import click
from click.core import ParameterSource

from genelab.console.options.common import TaskCommand
from genelab.plugins.catalog import discovered
from genelab.runs.extensions import Command, Extensions

_KEY = "genelab.extensions"


class ExtensibleCommand(TaskCommand):
    """A command about a task with the options of run extensions; its callback gets the `extensions`, configured."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        place = len(self.params)  # before --help
        return [*own[:place], *self._extensions(ctx).options, *own[place:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = "; ".join([error.message, *discovered().absentees()])
            raise click.NoSuchOption(error.option_name, message, error.possibilities, error.ctx) from error
        extensions = self._extensions(ctx)
        names = [str(option.name) for option in extensions.options]
        given = [name for name in names if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT]
        values = {name: ctx.params.pop(name, None) for name in names}
        ctx.params["extensions"] = extensions if ctx.resilient_parsing else extensions.configure(values, given)
        return rest

    def _extensions(self, ctx: click.Context) -> Extensions:
        """Return the extensions of this call, loaded when they are first needed."""
        if _KEY not in ctx.meta:
            say = _say_nothing if ctx.resilient_parsing else None
            ctx.meta[_KEY] = Extensions(cast(Command, self.name), own=self.params, say=say)
        return ctx.meta[_KEY]


def extensible_command(name: Command, **settings: Any) -> Callable[[Callable[..., Any]], ExtensibleCommand]:
    """Decorate a function as `genelab train` or `genelab play`; `settings` are those of `click.command`."""
    return click.command(name, cls=ExtensibleCommand, **settings)


def _say_nothing(text: str) -> None:
    """Keep quiet: this is shell completion."""
