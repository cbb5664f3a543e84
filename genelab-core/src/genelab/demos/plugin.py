"""The command `demos`, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="demos", command="genelab.demos.command:command", summary="Record demonstrations by an expert."
        )
    ]
