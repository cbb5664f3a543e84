"""Several jobs at a time: started in order, followed to their ends, stopped together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genelab.jobs.launcher import Job, JobHandle, WatchedLauncher
from genelab.runs.interrupts import StopSignals

POLL_S = 0.2
_SHOWN_LINES = 6

State = Literal["waiting", "running", "finished", "failed", "stopped"]


@dataclass
class JobRun:
    """A job and what became of it.

    Attributes:
        handle: Its process; `None` before it was started.
        status: Its exit status, negative for the signal that ended it; `None` before.
        state: In a word; `"stopped"` for a job that was asked to end before it was done.
    """

    job: Job
    handle: JobHandle | None = None
    status: int | None = None
    state: State = "waiting"


@dataclass(frozen=True)
class JobsReport:
    """How all jobs ended.

    Attributes:
        runs: The jobs, in the order in which they were given.
        signum: The signal that stopped them; `None` when they ran to their ends.
    """

    runs: Sequence[JobRun]
    signum: int | None

    @property
    def failed(self) -> list[JobRun]:
        return [run for run in self.runs if run.state == "failed"]


def run_jobs(
    jobs: Sequence[Job] | Sequence[JobRun],
    launcher: WatchedLauncher,
    *,
    parallel: int,
    show: Callable[[Sequence[JobRun]], None] = lambda runs: None,
    announce: Callable[[int], None] = lambda signum: None,
    poll_s: float = POLL_S,
) -> JobsReport:
    """Run `jobs`, at most `parallel` at a time. One that fails leaves the others running.

    The first SIGINT or SIGTERM asks the running ones to end and starts no more; the second kills them.

    Args:
        jobs: What to run; a caller who wants to know their states even when this raises gives `JobRun`s.
        launcher: What starts them.
        parallel: How many run at the same time.
        show: Called with all jobs every `poll_s` seconds.
        announce: Called with the signal's number when the first one arrives.
        poll_s: Interval of looking at them.

    Raises:
        GenelabError: if a job cannot be started or followed; the others are killed then.
        Interrupted: for the second signal.
    """
    runs = [job if isinstance(job, JobRun) else JobRun(job) for job in jobs]
    signals = StopSignals(announce)
    asked = False
    try:
        with signals:
            signals.graceful = True
            while any(run.state in ("waiting", "running") for run in runs):
                if signals.requested() and not asked:
                    asked = True
                    _stop(runs)
                _advance(runs, launcher, parallel, stopping=asked)
                show(runs)
                if any(run.state in ("waiting", "running") for run in runs):
                    time.sleep(poll_s)
    finally:
        for run in runs:
            if run.handle is not None and run.state == "running":
                run.handle.kill()
    return JobsReport(runs, signals.signum)


def _stop(runs: Sequence[JobRun]) -> None:
    for run in runs:
        if run.state == "waiting":
            run.state = "stopped"
        elif run.handle is not None:
            run.handle.stop()


def _advance(runs: Sequence[JobRun], launcher: WatchedLauncher, parallel: int, *, stopping: bool) -> None:
    """Note which jobs ended and start as many as may run."""
    for run in runs:
        if run.state == "running" and run.handle is not None:
            run.status = run.handle.poll()
            if run.status is not None:
                run.state = _end(run.status, stopping)
    free = parallel - sum(run.state == "running" for run in runs)
    for run in [run for run in runs if run.state == "waiting"][:free]:
        run.handle = launcher.launch(run.job)
        run.state = "running"


def _end(status: int, stopping: bool) -> State:
    """Return how a job ended; what a request to stop makes of it is no failure."""
    if status == 0:
        return "finished"
    return "stopped" if stopping and (status in (130, 143) or status < 0) else "failed"


def last_words(log: Path, lines: int = _SHOWN_LINES) -> list[str]:
    """Return the end of a job's output: from its last error message on, or its last lines."""
    if not log.exists():
        return []
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [index for index, line in enumerate(said) if line.startswith("error:")]
    return said[errors[-1] :][:lines] if errors else said[-lines:]


def describe_status(status: int) -> str:
    """Return an exit status in words."""
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
