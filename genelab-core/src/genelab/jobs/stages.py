"""The stages of a task (`TaskSpec.warm_start`), trained one after the other, each in a process of its own.

The parent folder is `logs/stages/<task>/<YYYY-MM-DD_HH-MM-SS>/`; it holds `stages.json` and, for each stage, a run
directory `stage_<N>`, of which the last one is the task's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from genelab.jobs.folder import JobFolder
from genelab.jobs.jobs import POLL_S, describe_status
from genelab.jobs.local_launcher import LocalJob
from genelab.plugins.catalog import discovered, get_catalog
from genelab.plugins.stages import training_stages
from genelab.runs.interrupts import StopSignals
from genelab.runs.plan import TrainRequest, plan_training
from genelab.runs.run_dir import RunDir, claim_run_dir, create_run_dir
from genelab.runs.run_lock import RunLock
from genelab.utils.errors import GenelabError, UsageError

_STOPPED = (130, 143)
"""Exit statuses of a training that SIGINT or SIGTERM ended."""


@dataclass(frozen=True)
class Stages(JobFolder):
    """A folder of runs each of which begins with the policy of the one before.

    Its record names task, backend, GPUs, checkpoint and arguments, and the task of each stage.
    """

    FILE: ClassVar[Path] = Path("stages.json")
    KEYS: ClassVar[tuple[str, ...]] = ("task", "backend", "gpus", "checkpoint", "arguments", "stages")
    ENTRIES: ClassVar[str] = "stages"

    @property
    def tasks(self) -> list[str]:
        return [entry["task"] for entry in self.entries]

    def run_dir(self, stage: int) -> RunDir:
        """Return the run of a stage; the first one is 1."""
        return RunDir(self.path / f"stage_{stage}")

    def unfinished(self) -> list[int]:
        """Return the stages whose run did not use up its budget, in order."""
        return [stage for stage, _ in enumerate(self.tasks, 1) if not self.run_dir(stage).finished()]

    def present_run(self) -> RunDir:
        """Return the run of the stage that began last; of the first one before any did."""
        begun = [stage for stage, _ in enumerate(self.tasks, 1) if self.run_dir(stage).begun()]
        return self.run_dir(max(begun, default=1))

    def command(self, stage: int) -> list[str]:
        """Return the command that trains a stage: a new run, or its continuation if it has begun."""
        run, gpus = self.run_dir(stage), self.record["gpus"]
        if run.begun():
            arguments = [f"--resume={run}", *([f"--gpus={gpus}"] if gpus else [])]
        else:
            before = self.record["checkpoint"] if stage == 1 else self.run_dir(stage - 1)
            weights = [] if before is None else [f"--checkpoint={before}"]
            arguments = [*self.record["arguments"], *weights, f"--log-dir={run}"]
        return [sys.executable, "-m", "genelab", "train", self.tasks[stage - 1], *arguments]


def check_stages(request: TrainRequest) -> tuple[list[str], str]:
    """Check the training of each stage; all are trained with the backend of the last one.

    Returns:
        Names of the tasks, in order, and of the backend.

    Raises:
        UsageError: for a task without stages, or a request that one of them cannot serve.
    """
    names = training_stages(get_catalog(), request.task_id)
    if len(names) == 1:
        able = sorted(name for name, spec in get_catalog().tasks.items() if spec.warm_start is not None)
        raise UsageError(
            f"{names[0]} is trained in one stage: it begins with no other task's policy (TaskSpec.warm_start)",
            where="--stages",
            fix="leave --stages out" + (f"; tasks with stages: {', '.join(able)}" if able else ""),
        )
    backend = plan_training(replace(request, task_id=names[-1], checkpoint=None)).spec.name
    plan_training(replace(request, task_id=names[0], backend=backend))
    for name in names[1:-1]:
        plan_training(replace(request, task_id=name, backend=backend, checkpoint=None))
    return names, backend


def create_stages(request: TrainRequest, arguments: Sequence[str]) -> Stages:
    """Check the request, and make the parent folder and its record.

    Args:
        request: What to train; `checkpoint` is what the first stage begins with.
        arguments: Arguments of `genelab train TASK` that all stages share, without backend and checkpoint.

    Raises:
        UsageError: as `check_stages`, or if `log_dir` holds a training already.
        GenelabError: if it cannot be made.
    """
    names, backend = check_stages(request)
    if request.log_dir is not None and Stages.is_at(request.log_dir):
        raise UsageError(
            f"{request.log_dir} holds stages already",
            fix=f"choose another --log-dir, or go on with them: --resume {request.log_dir}",
        )
    run = create_run_dir("stages", names[-1]) if request.log_dir is None else claim_run_dir(request.log_dir)
    entries = [{"task": name, "run": f"stage_{stage}"} for stage, name in enumerate(names, 1)]
    return Stages.begin(
        run.path,
        entries,
        task=names[-1],
        backend=backend,
        gpus=request.ranks if request.ranks > 1 else 0,
        checkpoint=None if request.checkpoint is None else str(request.checkpoint),
        arguments=[f"--backend={backend}", *arguments],
    )


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
            run = stages.run_dir(stage)
            name = run.path.name
            stages.note(name, "running")
            try:
                status = _run(stages.command(stage), signals)
            except BaseException:
                stages.note(name, "stopped")
                raise
            if status in (0, *_STOPPED) and run.finished():
                stages.note(name, "finished", status)
            elif signals.requested() or status in _STOPPED:
                stages.note(name, "stopped", status)
                return signals.signum or status - 128
            else:
                stages.note(name, "failed", status)
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
