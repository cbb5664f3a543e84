"""How trainings that run side by side show how far they are: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table

from genelab.jobs.jobs import JobRun
from genelab.jobs.stages import Stages
from genelab.runs.progress import Progress, duration, read_progress

PLAIN_INTERVAL_S = 10.0
_COLUMNS = ("run", "state", "iteration", "env steps", "steps/s", "return", "left")
_STYLES = {"finished": "green", "failed": "red", "stopped": "yellow", "running": "bold"}


class JobTable:
    """Shows the jobs of `run_jobs`, each of which trains in a folder of its own. A context manager.

    Args:
        console: Where to show them.
        folders: Run directory of each job, by the job's name.
        plain_interval_s: Least time between lines of running jobs where `console` is no terminal; a change of state is
            told at once.
    """

    def __init__(
        self, console: Console, folders: Mapping[str, Path], plain_interval_s: float = PLAIN_INTERVAL_S
    ) -> None:
        self.console = console
        self._folders = folders
        self._interval = plain_interval_s
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._told: dict[str, tuple[str, float]] = {}

    def message(self, text: str) -> None:
        """Print a line of its own."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, runs: Sequence[JobRun]) -> None:
        """Show how the jobs stand."""
        rows = {run.job.name: _row(run, *_present(run.job.name, self._folders[run.job.name])) for run in runs}
        if self._live is not None:
            table = Table(*_COLUMNS, box=None, pad_edge=False)
            for run in runs:
                table.add_row(*rows[run.job.name], style=_STYLES.get(run.state))
            self._live.update(table, refresh=True)
            return
        now = time.monotonic()
        for run in runs:
            state, told_at = self._told.get(run.job.name, ("waiting", now))
            if run.state != state or (run.state == "running" and now - told_at >= self._interval):
                self._told[run.job.name] = (run.state, now)
                self.message(_line(rows[run.job.name]))

    def __enter__(self) -> JobTable:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def _present(name: str, folder: Path) -> tuple[str, Progress | None]:
    """Return what to call a job, and how far its run, or the present one of its stages, is."""
    if not Stages.is_at(folder):
        return name, read_progress(folder)
    stage = Stages.open(folder).present_run().path
    return f"{name}/{stage.name}", read_progress(stage)


def _row(run: JobRun, name: str, progress: Progress | None) -> tuple[str, ...]:
    """Return the cells of a job, one for each column."""
    if progress is None or run.state == "waiting":
        return (name, run.state, *[""] * (len(_COLUMNS) - 2))
    left = progress.seconds_left if run.state == "running" else None
    return (
        name,
        run.state,
        f"{progress.iteration}/{progress.max_iterations}",
        f"{progress.env_steps:,}",
        "" if progress.steps_per_s is None else f"{progress.steps_per_s:,.0f}",
        "" if progress.return_mean is None else f"{progress.return_mean:.2f}",
        "" if left is None else duration(left),
    )


def _line(row: tuple[str, ...]) -> str:
    name, state, *cells = row
    told = [f"{column} {cell}" for column, cell in zip(_COLUMNS[2:], cells, strict=True) if cell]
    return "  ".join([name, state, *told])
