"""Jobs on a Ray cluster, through Ray's own job submission API."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from genelab.jobs.launcher import Job, JobHandle, WatchedLauncher
from genelab.utils.errors import GenelabError, UsageError, first_line

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

_STOP_WAIT_S = 120
"""Seconds that a job has to save a checkpoint before Ray kills it."""


class RayLauncher(WatchedLauncher):
    """Submits each job to a cluster whose machines share this one's file system and Python environment.

    Options: `address` of the dashboard (else `RAY_ADDRESS`, else http://127.0.0.1:8265), and `cpus` and `gpus` that Ray
    reserves for each job. Ray hides all GPUs from a job that reserves none.
    """

    option_names = ("address", "cpus", "gpus")

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        self._cpus, self._gpus = (self._amount(key) for key in ("cpus", "gpus"))
        try:
            from ray.job_submission import JobSubmissionClient
        except ImportError as error:
            raise UsageError(
                f"the launcher ray needs Ray: {first_line(error)}", fix="pip install 'genelab-core[ray]'"
            ) from None
        address = self.options.get("address") or os.environ.get("RAY_ADDRESS") or "http://127.0.0.1:8265"
        try:
            self._client = JobSubmissionClient(address)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"no Ray cluster answers at {address}: {first_line(error)}",
                fix="start one with `ray start --head`, or name its dashboard: --launcher-option address=http://HOST:8265",
            ) from error

    def launch(self, job: Job) -> RayJob:
        where, log = shlex.quote(str(Path.cwd())), shlex.quote(str(job.log.absolute()))
        environment = {**job.environment, "RAY_JOB_STOP_WAIT_TIME_S": str(_STOP_WAIT_S)}
        if "PYTHONPATH" in os.environ:
            environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
        try:
            name = self._client.submit_job(
                # exec: the process that Ray signals is then the job itself and not a shell.
                entrypoint=f"cd {where} && exec {shlex.join(job.command)} >> {log} 2>&1",
                runtime_env={"env_vars": environment},
                metadata={"job_submission_id": job.name},
                entrypoint_num_cpus=1 if self._cpus is None else self._cpus,
                entrypoint_num_gpus=job.gpus if self._gpus is None else self._gpus,
            )
        except (ConnectionError, RuntimeError) as error:
            raise GenelabError(f"Ray did not take {job.name}: {first_line(error)}") from error
        return RayJob(self._client, name, job)

    def _amount(self, key: str) -> float | None:
        text = self.options.get(key)
        try:
            amount = None if text is None else float(text)
        except ValueError:
            amount = -1.0
        if amount is not None and not 0 <= amount < float("inf"):
            raise UsageError(f"{key}={text} is not a number of {key}", where="--launcher-option")
        return amount


class RayJob(JobHandle):
    """A job of the cluster."""

    def __init__(self, client: JobSubmissionClient, name: str, job: Job) -> None:
        self._client, self._name, self._job = client, name, job
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            try:
                details = self._client.get_job_info(self._name)
            except (ConnectionError, RuntimeError) as error:
                raise GenelabError(f"Ray no longer answers for {self._job.name}: {first_line(error)}") from error
            if details.status.is_terminal():
                code = details.driver_exit_code
                self._status = code if code is not None else _without_code(details.status.value)
                if self._status != 0 and not self._job.log.exists():  # it did not even start
                    self._job.log.write_text(f"Ray: {details.message}\n")
        return self._status

    def stop(self) -> None:
        """Let Ray send SIGTERM; after two minutes it kills."""
        if self.poll() is None:
            self._client.stop_job(self._name)

    def kill(self) -> None:
        """As `stop`: Ray has no harder way."""
        self.stop()


def _without_code(status: str) -> int:
    """Return an exit status for a job whose process did not leave one."""
    return {"SUCCEEDED": 0, "STOPPED": 143}.get(status, 1)
