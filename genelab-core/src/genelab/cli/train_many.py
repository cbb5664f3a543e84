"""`genelab train --seeds` and `--stages`, and `--resume` of the folders that they made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from rich.console import Console

from genelab.console.options.forwarding import forwarded_arguments
from genelab.jobs.folder import JobFolder, run_recorded
from genelab.jobs.jobs import describe_status, last_words
from genelab.jobs.launcher import SubmittingLauncher, make_launcher
from genelab.jobs.seeds import MultiSeed, create_multi_seed, submit_seeds
from genelab.jobs.stages import Stages, check_stages, create_stages, run_stages
from genelab.jobs.table import JobTable
from genelab.rl.distributed import World
from genelab.runs.interrupts import Interrupted
from genelab.runs.plan import plan_training
from genelab.utils.errors import UsageError
from genelab.utils.names import normalize

if TYPE_CHECKING:
    from genelab.console.options.processes import Processes
    from genelab.jobs.launcher import Job, WatchedLauncher
    from genelab.runs.plan import TrainRequest

_OF_SEEDS = frozenset({"seeds", "parallel", "launcher", "launcher_option", "force", "log_dir", "resume"})
_OF_STAGES = frozenset({"stages", "backend", "checkpoint", "log_dir", "resume"})


def train_seeds(request: TrainRequest, processes: Processes) -> int:
    """Train once for each seed, or go on with those that are unfinished; return the exit status.

    Raises:
        UsageError: for what cannot be served, before anything is started.
    """
    _refuse(request, processes)
    arguments = forwarded_arguments(click.get_current_context(), without=_OF_SEEDS)
    gpus = request.ranks if request.ranks > 1 else 0
    if request.resume is None:
        assert processes.seeds is not None
        plan = plan_training(replace(request, checkpoint=None) if processes.stages else request)
        if processes.stages:
            check_stages(request)
        name = processes.launcher or "local"
        launcher = _launcher(name, gpus, processes)
        multi_seed = create_multi_seed(
            plan.loaded.spec.id,
            plan.spec.name,
            processes.seeds,
            arguments,
            launcher=name,
            gpus=gpus,
            log_dir=request.log_dir,
        )
        seeds = multi_seed.seeds
    else:
        multi_seed, seeds = _unfinished_seeds(request)
        launcher = _launcher(processes.launcher or multi_seed.record["launcher"], multi_seed.record["gpus"], processes)
    jobs = multi_seed.jobs(seeds, [argument for argument in arguments if not argument.startswith("--gpus=")])
    parallel = processes.parallel or 1
    if isinstance(launcher, SubmittingLauncher):
        click.echo(submit_seeds(multi_seed, jobs, launcher, parallel=parallel, force=processes.force), err=True)
        click.echo(f"{multi_seed.path}")
        return 0
    return _watch(multi_seed, jobs, launcher, parallel)


def _refuse(request: TrainRequest, processes: Processes) -> None:
    if World.from_environment().size > 1:
        raise UsageError(
            "a rank of torch.distributed.run trains one seed", fix="start the seeds outside of it, with --gpus N"
        )
    if processes.seeds is None:
        return
    if request.resume is not None:
        raise UsageError(
            "--seeds begins new runs and --resume goes on with old ones",
            fix="leave --seeds out: the folder knows its seeds",
        )
    fixed = [f"--{path}" for path, _ in request.overrides if path in ("env.seed", "agent.seed")]
    if fixed:
        raise UsageError(
            f"--seeds sets the seed of each run, so {' and '.join(fixed)} cannot",
            fix="leave out --seed and overrides of it",
        )


def _launcher(name: str, gpus: int, processes: Processes) -> WatchedLauncher | SubmittingLauncher:
    launcher = make_launcher(name, processes.launcher_options)
    if processes.force and not isinstance(launcher, SubmittingLauncher):
        raise UsageError("--force replaces the script of a batch system, and this launcher writes none")
    if gpus:
        launcher.require_gpus(gpus)
    return launcher


def _unfinished_seeds(request: TrainRequest) -> tuple[MultiSeed, list[int]]:
    """Return the folder to go on with and the seeds that are not done."""
    assert request.resume is not None
    changed = {"--checkpoint": request.checkpoint, "--log-dir": request.log_dir}
    refused = [option for option, value in changed.items() if value is not None]
    refused += [f"--{path}" for path, _ in request.overrides]
    if refused:
        raise UsageError(f"--resume goes on with runs as they were; it cannot change {', '.join(refused)}")
    multi_seed = MultiSeed.open(request.resume)
    _require_same(multi_seed, request)
    seeds = multi_seed.unfinished()
    if not seeds:
        raise UsageError(
            f"all seeds in {request.resume} are finished",
            fix=f"for more iterations resume each by itself: --resume {request.resume}/seed_S --max-iterations N",
        )
    return multi_seed, seeds


def _require_same(folder: JobFolder, request: TrainRequest) -> None:
    """Refuse to go on with the folder of another task, or with another number of GPUs."""
    task = folder.record["task"]
    if normalize(task.rpartition("::")[2]) != normalize(request.task_id.rpartition("::")[2]):
        raise UsageError(f"{request.resume} is of {task}, not of {request.task_id}")
    gpus = request.ranks if request.ranks > 1 else 0
    if gpus not in (0, folder.record["gpus"]):
        raise UsageError(f"{request.resume} was not begun with --gpus {gpus}", fix="leave --gpus out")


def _watch(multi_seed: MultiSeed, jobs: Sequence[Job], launcher: WatchedLauncher, parallel: int) -> int:
    """Run the jobs to their ends, show them, and say what failed."""
    go_on = f"genelab train {multi_seed.record['task']} --resume {multi_seed.path}"
    folders = {job.name: multi_seed.path / job.name for job in jobs}
    with JobTable(Console(stderr=True), folders) as table:
        table.message(
            f"{len(jobs)} seed{'s' if len(jobs) > 1 else ''} of {multi_seed.record['task']} in {multi_seed.path}"
        )

        def announce(signum: int) -> None:
            table.message("stopping all seeds after their present iteration; once more kills them")

        try:
            report = run_recorded(
                multi_seed.path,
                jobs,
                launcher,
                parallel=parallel,
                note=multi_seed.note_jobs,
                show=table.show,
                announce=announce,
            )
        except Interrupted as stop:
            click.echo(f"killed; to go on: {go_on}", err=True)
            return 128 + stop.signum
    for run in report.failed:
        assert run.status is not None
        click.echo(f"error: {run.job.name} failed ({describe_status(run.status)}); {run.job.log} ends with", err=True)
        for line in last_words(run.job.log):
            click.echo(f"    {line}", err=True)
    click.echo(f"{multi_seed.path}")
    if report.signum is not None:
        click.echo(f"stopped; to go on: {go_on}", err=True)
        return 128 + report.signum
    if report.failed:
        names = ", ".join(run.job.name for run in report.failed)
        click.echo(f"error: {len(report.failed)} of {len(jobs)} seeds failed: {names}; to go on: {go_on}", err=True)
        return 1
    return 0


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
        stages = create_stages(request, forwarded_arguments(click.get_current_context(), without=_OF_STAGES))
    else:
        stages = _unfinished_stages(request)
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


def _unfinished_stages(request: TrainRequest) -> Stages:
    """Return the folder to go on with."""
    assert request.resume is not None
    changed = forwarded_arguments(click.get_current_context(), without=frozenset({"resume", "gpus"}))
    if changed:
        raise UsageError(f"--resume goes on with stages as they were; it cannot change {', '.join(changed)}")
    stages = Stages.open(request.resume)
    _require_same(stages, request)
    if not stages.unfinished():
        last = stages.run_dir(len(stages.tasks))
        raise UsageError(
            f"all stages in {request.resume} are finished",
            fix=f"for more iterations resume the last by itself: --resume {last} --max-iterations N",
        )
    return stages
