"""`genelab train`: train a policy, or go on with a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import backend_option, task_command
from genelab.console.options.forwarding import forwarded_arguments
from genelab.console.options.in_training_eval import eval_schedule, in_training_eval_options
from genelab.console.options.processes import Processes, process_options
from genelab.console.options.profile import profile_options
from genelab.console.options.simulation import Seed, simulation_options, simulation_overrides
from genelab.rl.distributed import World
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.plan import TrainRequest

Count = click.IntRange(min=1)


@task_command(
    short_help="Train a policy.",
    epilog="Ctrl-C and SIGTERM save a checkpoint and exit with 130 and 143; --resume goes on from it.",
)
@click.option("--num-envs", type=Count, help="Parallel environments.")
@click.option(
    "--max-iterations",
    type=Count,
    help="Budget in the backend's unit, which the log states: iterations, or environment steps.",
)
@click.option("--steps", type=Count, help="Same as --max-iterations.")
@click.option("--total-steps", type=Count, help="Budget in environment steps over all envs, with any backend.")
@click.option("--seed", type=Seed, help="Seed of the agent and of the environment.")
@click.option("--log-dir", type=click.Path(path_type=Path), help="Run directory instead of one below logs/.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="Warm start: begin a new run with the weights of this checkpoint or run directory.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    help="Continue this run directory in place, exactly where its last checkpoint stands.",
)
@process_options
@in_training_eval_options
@profile_options("one iteration as the log counts it: a rollout with its update")
@backend_option
@simulation_options
def command(
    processes: Processes,
    task: str,
    overrides: list[tuple[str, str]],
    num_envs: int | None,
    max_iterations: int | None,
    steps: int | None,
    total_steps: int | None,
    seed: int | None,
    log_dir: Path | None,
    checkpoint: Path | None,
    resume: Path | None,
    eval_every: int | None,
    eval_episodes: int | None,
    eval_num_envs: int | None,
    eval_seed: int | None,
    stop_when: str | None,
    backend: str | None,
    vis: bool,
    headless: bool,
    gpu: bool,
    dt: float | None,
) -> int:
    """Train a policy for TASK and write it to a run directory below logs/."""
    if max_iterations is not None and steps is not None:
        raise UsageError("--steps is another spelling of --max-iterations", fix="give one of them")
    if processes.stages and resume is not None:
        raise UsageError(
            "--stages begins new runs and --resume goes on with old ones",
            fix="leave --stages out: the folder knows its stages",
        )
    shortcuts = simulation_overrides("env", vis=vis, headless=headless, gpu=gpu, dt=dt)
    ranks = processes.ranks()
    if processes.num_envs_per_gpu is not None:
        if num_envs is not None:
            raise UsageError("--num-envs and --num-envs-per-gpu both set the number of envs", fix="give one of them")
        num_envs = processes.num_envs_per_gpu * ranks
    if num_envs is not None:
        shortcuts.append(("env.simulation.num_envs", str(num_envs)))
    if seed is not None:
        shortcuts += [("env.seed", str(seed)), ("agent.seed", str(seed))]

    from rich.console import Console

    from genelab.jobs.seeds import MultiSeed
    from genelab.jobs.stages import Stages
    from genelab.runs.interrupts import Interrupted
    from genelab.runs.plan import TrainRequest
    from genelab.runs.training import TrainingInterrupted, train

    request = TrainRequest(
        task_id=task,
        backend=backend,
        overrides=[*shortcuts, *overrides],
        max_iterations=max_iterations if steps is None else steps,
        total_steps=total_steps,
        log_dir=log_dir,
        checkpoint=checkpoint,
        resume=resume,
        evaluation=eval_schedule(eval_every, stop_when, episodes=eval_episodes, num_envs=eval_num_envs, seed=eval_seed),
        ranks=ranks,
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
    try:
        report = train(request, console=Console(stderr=True))
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
