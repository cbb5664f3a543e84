"""The command `terrain`, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(name="terrain", command="genelab.terrain_pictures.command:command", summary="Look at terrains.")
    ]
