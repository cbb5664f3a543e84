"""Profiling, as a plugin of the core's own distribution: where the time of a step goes."""

from __future__ import annotations

from genelab.api import CommandSpec, RunExtensionSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="profile", command="genelab.profiling.step_times:command", summary="Measure where a step's time goes."
        ),
        CommandSpec(name="prof", command="genelab.profiling.page:command", summary="Look at what --prof recorded."),
    ]


@hookimpl
def genelab_run_extensions() -> list[RunExtensionSpec]:
    return [
        RunExtensionSpec(
            name="prof",
            extension="genelab.profiling.trace:TraceExtension",
            summary="Record with torch's profiler (--prof).",
        )
    ]
