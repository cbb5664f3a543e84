"""Jobs that are followed line by line: one for each change of state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from genelab.jobs.jobs import JobRun


class JobLines:
    """Tells on standard error how jobs stand; `show` and `announce` are what `run_jobs` calls.

    Args:
        work: What the jobs do, as in "once more kills the evaluations".
    """

    def __init__(self, work: str) -> None:
        self._work = work
        self._told: dict[str, str] = {}

    def show(self, runs: Sequence[JobRun]) -> None:
        for run in runs:
            if run.state != self._told.get(run.job.name, "waiting"):
                self._told[run.job.name] = run.state
                click.echo(f"{run.job.name}  {run.state}", err=True)

    def announce(self, signum: int) -> None:
        click.echo(f"stopping; once more kills the {self._work}", err=True)
