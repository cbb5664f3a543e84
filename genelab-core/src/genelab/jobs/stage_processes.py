"""Trains stages one after the other, each in a process of its own whose output is this one's."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence

from genelab.jobs.jobs import POLL_S, describe_status
from genelab.jobs.local_launcher import LocalJob
from genelab.jobs.stages import Stages
from genelab.plugins.catalog import discovered
from genelab.runs.interrupts import StopSignals
from genelab.runs.run_lock import RunLock
from genelab.utils.errors import GenelabError

_STOPPED = (130, 143)
"""Exit statuses of a training that SIGINT or SIGTERM ended."""


def run_stages(
    stages: Stages,
    *,
    begin: Callable[[int], None] = lambda stage: None,
    announce: Callable[[int], None] = lambda signum: None,
) -> int | None:
    """Train the unfinished stages, in order, and keep the folder's record up to date.

    The first SIGINT or SIGTERM asks the running one to save and end; the second kills it.

    Args:
        stages: The folder.
        begin: Called with the number of each stage before it starts.
        announce: Called with the signal's number when the first one arrives.

    Returns:
        The signal that stopped the stages; `None` when all are finished.

    Raises:
        GenelabError: when a stage fails, naming it.
        Interrupted: for the second signal.
        UsageError: when another process trains in the folder.
    """
    with RunLock(stages.path), StopSignals(announce) as signals:
        signals.graceful = True
        for stage in stages.unfinished():
            if signals.requested():
                break
            begin(stage)
            stages.note(stage, "running")
            try:
                status = _run(stages.command(stage), signals)
            except BaseException:
                stages.note(stage, "stopped")
                raise
            if status in (0, *_STOPPED) and stages.run_dir(stage).finished():
                stages.note(stage, "finished", status)
            elif signals.requested() or status in _STOPPED:
                stages.note(stage, "stopped", status)
                return signals.signum or status - 128
            else:
                stages.note(stage, "failed", status)
                raise _failure(stages, stage, status)
        return signals.signum if stages.unfinished() else None


def _run(command: Sequence[str], signals: StopSignals) -> int:
    """Run a command to its end, asking it to stop when a signal does; return its exit status."""
    # In a session of its own, so that a Ctrl-C of the terminal, too, reaches it once and from here.
    process = subprocess.Popen(
        command,
        env={**os.environ, **discovered().child_environment()},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    job, asked = LocalJob(process, gpus=()), False
    try:
        while (status := job.poll()) is None:
            if signals.requested() and not asked:
                asked = True
                job.stop()
            time.sleep(POLL_S)
        return status
    finally:
        if job.poll() is None:
            job.kill()


def _failure(stages: Stages, stage: int, status: int) -> GenelabError:
    count, task = len(stages.tasks), stages.tasks[stage - 1]
    return GenelabError(
        f"stage {stage} of {count}, {task}, failed ({describe_status(status)})",
        where=str(stages.run_dir(stage)),
        fix=f"to go on: genelab train {stages.record['task']} --resume {stages.path}",
    )
