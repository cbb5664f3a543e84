"""`genelab play`: run a task and look at it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import force_option, json_option, task_command
from genelab.console.options.profile import profile_options
from genelab.console.options.simulation import simulation_options, simulation_overrides
from genelab.profiling.schedule import ProfileSchedule
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.playing import PlaySummary

Count = click.IntRange(min=1)
_RETARGETED = {f"env.simulation.{name}": f"play_env.simulation.{name}" for name in ("vis", "gpu", "steps", "dt")}
MAX_DIFFERENCES = 10


@task_command(short_help="Run a task and look at it.")
@click.option(
    "--agent",
    type=click.Choice(["zero", "random", "expert", "trained"]),
    help="Default: trained with a checkpoint.",
)
@click.option("--checkpoint", metavar="PATH", help="A checkpoint, a run directory or an exported file.")
@click.option("--steps", type=Count, help="Length of a headless run; a viewer runs until it is closed.  [default: 240]")
@click.option("--max-steps", type=Count, help="Stop after so many control steps, viewer or not; wins over --steps.")
@click.option("--num-envs", type=Count, help="Parallel environments.")
@simulation_options
@profile_options("a control step")
@click.option(
    "--command",
    "script",
    metavar="TEXT",
    help="Commands instead of the task's own: 'vx=0.5 for 4s; wz=0.5 for 3s'. A headless run is as long as they are.",
)
@click.option("--video", type=click.Path(path_type=Path), help="Film the first environment into this .mp4 file.")
@force_option
@json_option
def command(
    task: str,
    overrides: list[tuple[str, str]],
    agent: str | None,
    checkpoint: str | None,
    steps: int | None,
    max_steps: int | None,
    num_envs: int | None,
    vis: bool,
    headless: bool,
    gpu: bool,
    dt: float | None,
    script: str | None,
    video: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Run TASK with zero actions, random ones, its expert or a trained policy."""
    shortcuts = simulation_overrides("play_env", vis=vis, headless=headless, gpu=gpu, dt=dt)
    if steps is not None:
        shortcuts.append(("play_env.simulation.steps", str(steps)))
    retargeted = [(_RETARGETED.get(path, path), text) for path, text in overrides]
    policy_options = {"--agent": agent, "--checkpoint": checkpoint, "--num-envs": num_envs, "--command": script}
    if _is_playback(task):
        for option in (name for name, value in policy_options.items() if value is not None):
            click.echo(f"warning: {task} plays itself, {option} is ignored", err=True)
        if ProfileSchedule.from_environment() is not None:
            click.echo(f"warning: {task} plays itself, --prof is ignored", err=True)
        agent, checkpoint, num_envs, script = None, None, None, None
    if num_envs is not None:
        shortcuts.append(("play_env.simulation.num_envs", str(num_envs)))

    from genelab.runs.playing import play
    from genelab.runs.source import open_source

    source = open_source(task, _what(agent, checkpoint), overrides=[*shortcuts, *retargeted])
    for line in source.differences[:MAX_DIFFERENCES]:
        click.echo(f"note: since that run: {line}", err=True)
    if len(source.differences) > MAX_DIFFERENCES:
        click.echo(f"note: and {len(source.differences) - MAX_DIFFERENCES} more differences", err=True)
    chosen = any(path == "play_env.simulation.steps" for path, _ in [*shortcuts, *retargeted])
    summary = play(source, max_steps=max_steps, video=video, force=force, command=script, whole_command=not chosen)
    if as_json:
        click.echo(json.dumps({"task": source.loaded.spec.id, "policy": source.kind, **asdict(summary)}, indent=2))
    else:
        click.echo(f"{summary.steps} steps ({summary.ended}), {summary.episodes} episodes ended{_means(summary)}")


def _is_playback(task: str) -> bool:
    from genelab.plugins.catalog import get_catalog
    from genelab.plugins.tasks import is_registered

    return is_registered(task) and get_catalog().task(task).kind == "playback"


def _what(agent: str | None, checkpoint: str | None) -> str:
    """Return what is to act: a checkpoint implies `trained`, and nothing means zeros.

    Raises:
        UsageError: if the two contradict each other.
    """
    if checkpoint is None:
        if agent == "trained":
            raise UsageError("--agent trained needs a policy", fix="name one with --checkpoint")
        return agent or "zero"
    if agent not in (None, "trained"):
        raise UsageError(f"--agent {agent} and --checkpoint exclude each other", fix="leave one of them out")
    return checkpoint


def _means(summary: PlaySummary) -> str:
    if summary.return_mean is None or summary.length_mean is None:
        return ""
    return f": mean return {summary.return_mean:.3f}, mean length {summary.length_mean:.1f}"
