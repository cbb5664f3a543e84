"""Jobs as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping

from genelab.runs.launcher import Job, JobHandle, WatchedLauncher
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.gpus import VISIBLE_GPUS, visible_gpus


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
        """Send SIGKILL to the whole group."""
        if self.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class LocalLauncher(WatchedLauncher):
    """Starts jobs here. Where there are GPUs, each job sees only its own: those that fewest jobs use."""

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        self._gpus = visible_gpus()
        self._running: list[LocalJob] = []

    def launch(self, job: Job) -> LocalJob:
        gpus = self._assign(max(job.gpus, 1)) if self._gpus else ()
        if job.gpus > len(gpus):
            raise UsageError(f"{job.name} needs {job.gpus} GPUs and there are {len(self._gpus)}")
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
