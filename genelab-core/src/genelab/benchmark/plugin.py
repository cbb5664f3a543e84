"""The command `benchmark`, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="benchmark", command="genelab.benchmark.command:command", summary="Measure a suite of policies."
        )
    ]
