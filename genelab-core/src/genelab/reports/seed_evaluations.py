"""Evaluations that runs of a group still lack, made in processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from genelab.jobs.launcher import Job
from genelab.plugins.catalog import discovered
from genelab.reports.run_groups import RunGroup
from genelab.runs.run_dir import AGENT_PARAMS
from genelab.utils.errors import UsageError


def missing_evaluations(groups: Sequence[RunGroup], episodes: int | None) -> list[Job]:
    """Return a job of `genelab eval` for each run without an `eval.json`.

    Args:
        groups: The runs.
        episodes: Number of episodes; `None` for the default of `genelab eval`.

    Raises:
        UsageError: for a folder that holds no checkpoint to evaluate.
    """
    jobs = []
    for group in groups:
        for run in group.runs:
            if run.eval_path.exists():
                continue
            if not (run.path / AGENT_PARAMS).exists():
                raise UsageError(f"{run.path} has neither an evaluation nor a run to evaluate")
            asked = [] if episodes is None else [f"--episodes={episodes}"]
            arguments = (group.task, str(run.path), f"--out={run.eval_path}", *asked)
            jobs.append(
                Job(
                    name=str(run.path),
                    command=(sys.executable, "-m", "genelab", "eval", *arguments),
                    log=run.path / "eval.log",
                    environment=discovered().child_environment(),
                )
            )
    return jobs
