"""`genelab play`: run a task and look at it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import filled, force_option, json_option, option
from genelab.console.options.extensions import extensible_command
from genelab.console.options.simulation import SimulationOptions, simulation_options
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.extensions import Extensions
    from genelab.runs.playing import PlaySummary

Count = click.IntRange(min=1)
_RETARGETED = {f"env.simulation.{name}": f"play_env.simulation.{name}" for name in ("vis", "gpu", "steps", "dt")}
MAX_DIFFERENCES = 10


@dataclass(frozen=True, kw_only=True)
class PlayOptions:
    """Who acts, in what, and for how long; `None` for an option that was not given."""

    agent: str | None = option(
        type=click.Choice(["zero", "random", "expert", "trained"]), help="Default: trained with a checkpoint."
    )
    checkpoint: str | None = option(metavar="PATH", help="A checkpoint, a run directory or an exported file.")
    steps: int | None = option(
        type=Count, help="Length of a headless run; a viewer runs until it is closed.  [default: 240]"
    )
    max_steps: int | None = option(
        type=Count, help="Stop after so many control steps, viewer or not; wins over --steps."
    )
    num_envs: int | None = option(type=Count, help="Parallel environments.")

    def overrides(self) -> list[tuple[str, str]]:
        """Return the config overrides that the options stand for."""
        given = {"steps": self.steps, "num_envs": self.num_envs}
        return [(f"play_env.simulation.{name}", str(value)) for name, value in given.items() if value is not None]

    def policy(self) -> str:
        """Return what is to act: a checkpoint implies `trained`, and nothing means zeros.

        Raises:
            UsageError: if the two contradict each other.
        """
        if self.checkpoint is None:
            if self.agent == "trained":
                raise UsageError("--agent trained needs a policy", fix="name one with --checkpoint")
            return self.agent or "zero"
        if self.agent not in (None, "trained"):
            raise UsageError(f"--agent {self.agent} and --checkpoint exclude each other", fix="leave one of them out")
        return self.checkpoint


@extensible_command("play", short_help="Run a task and look at it.")
@filled(PlayOptions, "options")
@simulation_options
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
    options: PlayOptions,
    simulation: SimulationOptions,
    script: str | None,
    video: Path | None,
    force: bool,
    as_json: bool,
    extensions: Extensions,
) -> None:
    """Run TASK with zero actions, random ones, its expert or a trained policy."""
    if _is_playback(task):
        policy_options = {
            "--agent": options.agent,
            "--checkpoint": options.checkpoint,
            "--num-envs": options.num_envs,
            "--command": script,
        }
        for name in (name for name, value in policy_options.items() if value is not None):
            click.echo(f"warning: {task} plays itself, {name} is ignored", err=True)
        options, script = replace(options, agent=None, checkpoint=None, num_envs=None), None
    overrides = [
        *simulation.overrides("play_env"),
        *options.overrides(),
        *((_RETARGETED.get(path, path), text) for path, text in overrides),
    ]

    from genelab.runs.playing import play
    from genelab.runs.source import open_source

    source = open_source(task, options.policy(), overrides=overrides)
    for line in source.differences[:MAX_DIFFERENCES]:
        click.echo(f"note: since that run: {line}", err=True)
    if len(source.differences) > MAX_DIFFERENCES:
        click.echo(f"note: and {len(source.differences) - MAX_DIFFERENCES} more differences", err=True)
    chosen = any(path == "play_env.simulation.steps" for path, _ in overrides)
    summary = play(
        source,
        max_steps=options.max_steps,
        video=video,
        force=force,
        command=script,
        whole_command=not chosen,
        extensions=extensions,
    )
    if as_json:
        click.echo(json.dumps({"task": source.loaded.spec.id, "policy": source.kind, **asdict(summary)}, indent=2))
    else:
        click.echo(f"{summary.steps} steps ({summary.ended}), {summary.episodes} episodes ended{_means(summary)}")


def _is_playback(task: str) -> bool:
    from genelab.plugins.catalog import get_catalog
    from genelab.plugins.tasks import is_registered

    return is_registered(task) and get_catalog().task(task).kind == "playback"


def _means(summary: PlaySummary) -> str:
    if summary.return_mean is None or summary.length_mean is None:
        return ""
    return f": mean return {summary.return_mean:.3f}, mean length {summary.length_mean:.1f}"
