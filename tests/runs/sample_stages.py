"""A plugin with tasks that begin with the policies of others, trained by the counting backend of `sample_runs.py`."""

from __future__ import annotations

from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"
STAGES = {
    "Sample-Walk-v0": "Sample-Stand-v0",
    "Sample-Run-v0": "sample_walk_v0",
    "Sample-Egg-v0": "Sample-Hen-v0",
    "Sample-Hen-v0": "Sample-Egg-v0",
    "Sample-Orphan-v0": "Sample-Stnad-v0",
    "Sample-Stand-v0": None,
}


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(
            id=name,
            config="sample_runs:counter_task",
            agents={"sample": "sample_runs:counter_agent"},
            warm_start=warm_start,
        )
        for name, warm_start in STAGES.items()
    ]
