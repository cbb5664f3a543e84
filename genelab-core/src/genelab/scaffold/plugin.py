"""The command `new`, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="new",
            command="genelab.scaffold.command:command",
            summary="Create a task pack of your own.",
            diagnostic=True,
        )
    ]
