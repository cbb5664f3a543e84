"""`genelab train --stages`, and `--resume` of the folder that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from genelab.console.options.forwarding import forwarded_arguments
from genelab.jobs.stage_processes import run_stages
from genelab.jobs.stages import Stages, create_stages, open_stages
from genelab.rl.distributed import World
from genelab.runs.interrupts import Interrupted
from genelab.utils.errors import UsageError
from genelab.utils.names import normalize

if TYPE_CHECKING:
    from genelab.runs.plan import TrainRequest

_OURS = frozenset({"stages", "backend", "checkpoint", "log_dir", "resume"})
_STAY = frozenset({"resume", "gpus"})


def train_stages(request: TrainRequest) -> int:
    """Train the stages of a task, or go on with those that are unfinished; return the exit status.

    Raises:
        UsageError: for what cannot be served, before anything is started.
        GenelabError: when a stage fails.
    """
    if World.from_environment().size > 1:
        raise UsageError(
            "a rank of torch.distributed.run trains one stage", fix="start the stages outside of it, with --gpus N"
        )
    if request.resume is None:
        stages = create_stages(request, forwarded_arguments(click.get_current_context(), without=_OURS))
    else:
        stages = _unfinished(request)
    go_on = f"genelab train {stages.record['task']} --resume {stages.path}"

    def begin(stage: int) -> None:
        run = stages.run_dir(stage)
        how = "going on" if run.begun() else "beginning"
        click.echo(f"stage {stage} of {len(stages.tasks)}, {how}: {stages.tasks[stage - 1]} in {run}", err=True)

    def announce(signum: int) -> None:
        click.echo("stopping this stage; once more kills it", err=True)

    try:
        signum = run_stages(stages, begin=begin, announce=announce)
    except Interrupted as stop:
        click.echo(f"killed; to go on: {go_on}", err=True)
        return 128 + stop.signum
    if signum is not None:
        click.echo(f"stages stopped; to go on: {go_on}", err=True)
        return 128 + signum
    return 0


def _unfinished(request: TrainRequest) -> Stages:
    """Return the folder to go on with."""
    assert request.resume is not None
    changed = forwarded_arguments(click.get_current_context(), without=_STAY)
    if changed:
        raise UsageError(f"--resume goes on with stages as they were; it cannot change {', '.join(changed)}")
    stages = open_stages(request.resume)
    task = stages.record["task"]
    if normalize(task.rpartition("::")[2]) != normalize(request.task_id.rpartition("::")[2]):
        raise UsageError(f"{request.resume} is of {task}, not of {request.task_id}")
    gpus = request.ranks if request.ranks > 1 else 0
    if gpus not in (0, stages.record["gpus"]):
        raise UsageError(f"{request.resume} was not begun with --gpus {gpus}", fix="leave --gpus out")
    if not stages.unfinished():
        last = stages.run_dir(len(stages.tasks))
        raise UsageError(
            f"all stages in {request.resume} are finished",
            fix=f"for more iterations resume the last by itself: --resume {last} --max-iterations N",
        )
    return stages
