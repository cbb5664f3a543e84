"""Check-ups of an installation and of tasks, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="verify",
            command="genelab.doctor.repeatability:command",
            summary="Check that a task repeats bit by bit.",
        ),
        CommandSpec(
            name="warmup", command="genelab.doctor.warming:command", summary="Compile a task's kernels beforehand."
        ),
        CommandSpec(
            name="doctor",
            command="genelab.doctor.checkup:command",
            summary="Check this installation.",
            diagnostic=True,
        ),
    ]
