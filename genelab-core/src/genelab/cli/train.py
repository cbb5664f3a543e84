"""`genelab train`: train a policy, or go on with a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import backend_option, filled, option
from genelab.console.options.extensions import extensible_command
from genelab.console.options.forwarding import forwarded_arguments
from genelab.console.options.in_training_eval import InTrainingEvalOptions, in_training_eval_options
from genelab.console.options.processes import Processes, process_options
from genelab.console.options.simulation import Seed, SimulationOptions, simulation_options
from genelab.rl.distributed import World
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.extensions import Extensions
    from genelab.runs.plan import TrainRequest

Count = click.IntRange(min=1)


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What is to be trained, and for how long; `None` for an option that was not given."""

    num_envs: int | None = option(type=Count, help="Parallel environments.")
    max_iterations: int | None = option(
        type=Count, help="Budget in the backend's unit, which the log states: iterations, or environment steps."
    )
    steps: int | None = option(type=Count, help="Same as --max-iterations.")
    total_steps: int | None = option(type=Count, help="Budget in environment steps over all envs, with any backend.")
    seed: int | None = option(type=Seed, help="Seed of the agent and of the environment.")
    log_dir: Path | None = option(type=click.Path(path_type=Path), help="Run directory instead of one below logs/.")
    checkpoint: Path | None = option(
        type=click.Path(path_type=Path),
        help="Warm start: begin a new run with the weights of this checkpoint or run directory.",
    )
    resume: Path | None = option(
        type=click.Path(path_type=Path),
        help="Continue this run directory in place, exactly where its last checkpoint stands.",
    )
    backend: str | None = None

    def overrides(self, processes: Processes) -> list[tuple[str, str]]:
        """Return the config overrides that the number of envs and the seed stand for."""
        overrides: list[tuple[str, str]] = []
        num_envs = self.num_envs
        if processes.num_envs_per_gpu is not None:
            if num_envs is not None:
                raise UsageError(
                    "--num-envs and --num-envs-per-gpu both set the number of envs", fix="give one of them"
                )
            num_envs = processes.num_envs_per_gpu * processes.ranks()
        if num_envs is not None:
            overrides.append(("env.simulation.num_envs", str(num_envs)))
        if self.seed is not None:
            overrides += [("env.seed", str(self.seed)), ("agent.seed", str(self.seed))]
        return overrides


@extensible_command(
    "train",
    short_help="Train a policy.",
    epilog="Ctrl-C and SIGTERM save a checkpoint and exit with 130 and 143; --resume goes on from it.",
)
@filled(TrainOptions, "options")
@process_options
@in_training_eval_options
@backend_option
@simulation_options
def command(
    task: str,
    overrides: list[tuple[str, str]],
    options: TrainOptions,
    processes: Processes,
    evaluations: InTrainingEvalOptions,
    simulation: SimulationOptions,
    extensions: Extensions,
) -> int:
    """Train a policy for TASK and write it to a run directory below logs/."""
    if options.max_iterations is not None and options.steps is not None:
        raise UsageError("--steps is another spelling of --max-iterations", fix="give one of them")
    resume = options.resume
    if processes.stages and resume is not None:
        raise UsageError(
            "--stages begins new runs and --resume goes on with old ones",
            fix="leave --stages out: the folder knows its stages",
        )
    overrides = [*simulation.overrides("env"), *options.overrides(processes), *overrides]

    from genelab.jobs.seeds import MultiSeed
    from genelab.jobs.stages import Stages
    from genelab.runs.plan import TrainRequest

    request = TrainRequest(
        task_id=task,
        backend=options.backend,
        overrides=overrides,
        max_iterations=options.max_iterations if options.steps is None else options.steps,
        total_steps=options.total_steps,
        log_dir=options.log_dir,
        checkpoint=options.checkpoint,
        resume=resume,
        evaluation=evaluations.schedule(),
        ranks=processes.ranks(),
    )
    if processes.seeds is not None or (resume is not None and MultiSeed.is_at(resume)):
        from genelab.cli.train_many import train_seeds

        return train_seeds(request, processes)
    processes.refuse_options_of_seeds()
    if processes.stages or (resume is not None and Stages.is_at(resume)):
        from genelab.cli.train_many import train_stages

        return train_stages(request)
    if processes.starts_ranks():
        return _train_on_gpus(request)
    return _train_here(request, extensions)


def _train_here(request: TrainRequest, extensions: Extensions) -> int:
    from rich.console import Console

    from genelab.runs.interrupts import Interrupted
    from genelab.runs.training import TrainingInterrupted, train

    try:
        report = train(request, console=Console(stderr=True), extensions=extensions)
    except TrainingInterrupted as stop:
        return _stopped(request, stop.run_dir, stop.signum)
    except Interrupted as stop:
        if World.from_environment().size == 1:  # a rank may be cleaning up after another one
            click.echo("stopped before the run began", err=True)
        return 128 + stop.signum
    if World.from_environment().is_main:
        click.echo(f"{report.result.checkpoint}")
    if report.signum is not None:
        return _stopped(request, report.run_dir, report.signum)
    return 0


def _train_on_gpus(request: TrainRequest) -> int:
    from genelab.jobs.ranks import train_on_gpus
    from genelab.runs.interrupts import Interrupted

    without = {"gpus", "log_dir"}
    try:
        train_on_gpus(request, forwarded_arguments(click.get_current_context(), without=without))
    except Interrupted as stop:
        return 128 + stop.signum
    return 0


def _stopped(request: TrainRequest, run_dir: Path, signum: int) -> int:
    if World.from_environment().is_main:
        gpus = f" --gpus {request.ranks}" if request.ranks > 1 else ""
        click.echo(f"stopped; to go on: genelab train {request.task_id} --resume {run_dir}{gpus}", err=True)
    return 128 + signum
