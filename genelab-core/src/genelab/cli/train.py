"""`genelab train`: train a policy, or go on with a training."""

from __future__ import annotations

from pathlib import Path

import click

from genelab.cli.in_training_eval_options import eval_schedule, in_training_eval_options
from genelab.cli.options import backend_option, task_command
from genelab.cli.simulation_options import Seed, simulation_options, simulation_overrides
from genelab.utils.errors import UsageError

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
@in_training_eval_options
@backend_option
@simulation_options
def command(
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
    shortcuts = simulation_overrides("env", vis=vis, headless=headless, gpu=gpu, dt=dt)
    if num_envs is not None:
        shortcuts.append(("env.simulation.num_envs", str(num_envs)))
    if seed is not None:
        shortcuts += [("env.seed", str(seed)), ("agent.seed", str(seed))]

    from rich.console import Console

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
    )
    try:
        report = train(request, console=Console(stderr=True))
    except TrainingInterrupted as stop:
        return _stopped(task, stop.run_dir, stop.signum)
    except Interrupted as stop:
        click.echo("stopped before the run began", err=True)
        return 128 + stop.signum
    click.echo(f"{report.result.checkpoint}")
    if report.signum is not None:
        return _stopped(task, report.run_dir, report.signum)
    return 0


def _stopped(task: str, run_dir: Path, signum: int) -> int:
    click.echo(f"stopped; to go on: genelab train {task} --resume {run_dir}", err=True)
    return 128 + signum
