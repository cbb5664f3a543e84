"""How a command says how far it is: a bar over episodes, lines about jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from genelab.jobs.jobs import JobRun


@contextmanager
def episode_progress() -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how many episodes are done, if it is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("episodes", total=None)
        yield lambda counted, episodes: progress.update(bar, completed=counted, total=episodes)


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
