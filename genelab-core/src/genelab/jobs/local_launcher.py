"""Jobs as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from genelab.jobs.launcher import Job, JobHandle, WatchedLauncher
from genelab.runs.ranks import check_gpus
from genelab.utils.errors import GenelabError
from genelab.utils.gpus import VISIBLE_GPUS, visible_gpus

_ABORT_S = 3.0
"""Seconds that a job has to end after each SIGTERM of `kill`."""


class LocalJob(JobHandle):
    """A process group of its own: Ctrl-C on the terminal reaches it only through `stop`.

    Attributes:
        gpus: GPUs that it was given.
    """

    def __init__(self, process: subprocess.Popen[bytes], gpus: tuple[str, ...]) -> None:
        self.process = process
        self.gpus = gpus

    def poll(self) -> int | None:
        return self.process.poll()

    def stop(self) -> None:
        """Send SIGINT to the job's first process, which tells its own children."""
        if self.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Send SIGTERM, which as a second signal aborts a training and the ranks below it, and SIGKILL to what is left.

        Not SIGKILL at once: the ranks of a training on several GPUs are in process groups of their own.
        """
        for _ in range(2):
            if self.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(_ABORT_S)
        with suppress(ProcessLookupError):  # nobody is left in the group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class LocalLauncher(WatchedLauncher):
    """Starts jobs here. Where there are GPUs, each job sees only its own: those that fewest jobs use."""

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        self._gpus = visible_gpus()
        self._running: list[LocalJob] = []

    def require_gpus(self, count: int) -> None:
        check_gpus(count)

    def launch(self, job: Job) -> LocalJob:
        self.require_gpus(job.gpus)
        gpus = self._assign(max(job.gpus, 1)) if self._gpus else ()
        pinned = {VISIBLE_GPUS: ",".join(gpus)} if gpus else {}
        try:
            with job.log.open("ab") as log:
                process = subprocess.Popen(
                    list(job.command),
                    env={**os.environ, **pinned, **job.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise GenelabError(f"{job.name} cannot be started: {error}", where=str(job.log)) from error
        self._running.append(LocalJob(process, gpus))
        return self._running[-1]

    def _assign(self, count: int) -> tuple[str, ...]:
        self._running = [job for job in self._running if job.poll() is None]
        uses = Counter(gpu for job in self._running for gpu in job.gpus)
        return tuple(sorted(self._gpus, key=lambda gpu: (uses[gpu], self._gpus.index(gpu)))[:count])
