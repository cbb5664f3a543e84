"""`genelab demos`: demonstrations by a task's expert."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import force_option, hyphens, json_option, task_command
from genelab.console.options.simulation import Seed

if TYPE_CHECKING:
    from genelab.demos.recording import DemonstrationSummary

Count = click.IntRange(min=1)
_INTERRUPTED = 130


@click.group(context_settings={"token_normalize_func": hyphens})
def command() -> None:
    """Record demonstrations."""


@task_command(name="collect", short_help="Record a task's expert.")
@click.option("--num-envs", type=Count, help="Parallel environments instead of the task's; a training needs as many.")
@click.option("--steps", type=Count, default=1000, show_default=True, help="Control steps of each environment.")
@click.option("--seed", type=Seed, default=42, show_default=True, help="Seed of the environment.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("demos.npz"), show_default=True, help="File to write."
)
@click.option("--save-every", type=Count, default=250, show_default=True, help="Steps between parts to resume from.")
@force_option
@json_option
def collect_command(
    task: str,
    overrides: list[tuple[str, str]],
    num_envs: int | None,
    steps: int,
    seed: int,
    out: Path,
    save_every: int,
    force: bool,
    as_json: bool,
) -> int:
    """Let TASK's expert act in the training environment and write what it saw to an .npz file.

    After Ctrl-C the same command goes on where it stopped.
    """
    from genelab.plugins.tasks import load_task

    load_task(task, overrides=overrides)  # wrong names are found before torch is imported

    from genelab.demos.recording import collect

    with _progress(steps) as on_progress:
        summary = collect(
            task,
            num_envs=num_envs,
            steps=steps,
            seed=seed,
            out=out,
            overrides=overrides,
            save_every=save_every,
            force=force,
            on_progress=on_progress,
        )
    click.echo(json.dumps(asdict(summary), indent=2) if as_json else _described(summary))
    return 0 if summary.finished else _INTERRUPTED


command.add_command(collect_command)


def _described(summary: DemonstrationSummary) -> str:
    lines = [f"{summary.path}: {summary.steps} steps of {summary.num_envs} envs"]
    if summary.success_interval is not None and summary.successes is not None:
        low, high = summary.success_interval
        share = summary.successes / summary.episodes
        lines.append(
            f"{summary.successes} of {summary.episodes} episodes succeeded, {share:.1%} (95 %: {low:.1%} … {high:.1%})"
        )
    else:
        lines.append(f"{summary.episodes} episodes ended")
    if not summary.finished:
        lines.append("interrupted: the same command goes on from here")
    return "\n".join(lines)


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[int], None]]:
    """Show on standard error how many steps are recorded, if it is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("steps", total=steps)
        yield lambda step: progress.update(bar, completed=step)
