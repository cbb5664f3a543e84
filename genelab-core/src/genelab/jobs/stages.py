"""The stages of a task (`TaskSpec.warm_start`), trained one after the other in processes of their own.

The parent folder is `logs/stages/<task>/<YYYY-MM-DD_HH-MM-SS>/`; it holds `stages.json` and, for each stage, a run
directory `stage_<N>`, of which the last one is the task's own.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genelab.plugins.catalog import get_catalog
from genelab.plugins.stages import training_stages
from genelab.runs.plan import TrainRequest, plan_training
from genelab.runs.run_dir import RunDir, claim_run_dir, create_run_dir, now
from genelab.utils.errors import UsageError
from genelab.utils.files import read_record, write_json

RECORD = Path("stages.json")
_KEYS = ("task", "backend", "gpus", "checkpoint", "arguments", "stages")


@dataclass(frozen=True)
class Stages:
    """A folder of runs each of which begins with the policy of the one before.

    Attributes:
        path: The parent folder.
        record: What `stages.json` says: task, backend, GPUs, checkpoint, command, arguments, and for each stage its
            task, run, state and exit status.
    """

    path: Path
    record: dict[str, Any]

    @property
    def tasks(self) -> list[str]:
        return [entry["task"] for entry in self.record["stages"]]

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

    def note(self, stage: int, state: str, status: int | None = None) -> None:
        """Record how a stage stands."""
        self.record["stages"][stage - 1].update(state=state, status=status)
        self.write()

    def write(self) -> None:
        write_json(self.path / RECORD, {**self.record, "updated_at": now()})

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
    if request.log_dir is not None and is_staged(request.log_dir):
        raise UsageError(
            f"{request.log_dir} holds stages already",
            fix=f"choose another --log-dir, or go on with them: --resume {request.log_dir}",
        )
    run = create_run_dir("stages", names[-1]) if request.log_dir is None else claim_run_dir(request.log_dir)
    record = {
        "task": names[-1],
        "backend": backend,
        "gpus": request.ranks if request.ranks > 1 else 0,
        "checkpoint": None if request.checkpoint is None else str(request.checkpoint),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "arguments": [f"--backend={backend}", *arguments],
        "created_at": now(),
        "stages": [
            {"task": name, "run": f"stage_{stage}", "state": "waiting", "status": None}
            for stage, name in enumerate(names, 1)
        ],
    }
    stages = Stages(run.path, record)
    stages.write()
    return stages


def is_staged(path: Path) -> bool:
    """Return whether `path` is the parent folder of stages."""
    return (path / RECORD).is_file()


def open_stages(path: Path) -> Stages:
    """Open a parent folder.

    Raises:
        UsageError: if its record is damaged.
    """
    return Stages(path, read_record(path / RECORD, _KEYS))
