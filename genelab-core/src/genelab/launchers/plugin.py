"""Launchers for other machines, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import LauncherSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_launchers() -> list[LauncherSpec]:
    return [
        LauncherSpec(
            name="ray", launcher="genelab.launchers.ray:RayLauncher", summary="Jobs on a Ray cluster (extra ray)."
        ),
        LauncherSpec(
            name="slurm", launcher="genelab.launchers.slurm:SlurmLauncher", summary="A Slurm job array, submitted."
        ),
    ]
