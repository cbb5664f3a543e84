"""Options about the simulation: seeds, and shortcuts of `train` and `play` that are given to the task as overrides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from genelab.utils.errors import UsageError

Seed = click.IntRange(min=0, max=2**32 - 1)
"""What every random generator takes (numpy's has 32 bits)."""


def simulation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--vis`, `--headless`, `--gpu` and `--dt`."""
    for option in (
        click.option("--dt", type=click.FloatRange(min=0, min_open=True), help="Physics tick, s."),
        click.option("--gpu", is_flag=True, help="Simulate on the GPU; an error if there is none."),
        click.option("--headless", is_flag=True, help="No viewer."),
        click.option("-v", "--vis", is_flag=True, help="Open the viewer."),
    ):
        command = option(command)
    return command


def simulation_overrides(root: str, *, vis: bool, headless: bool, gpu: bool, dt: float | None) -> list[tuple[str, str]]:
    """Return the overrides below `root` (`"env"`, `"play_env"`) that the shortcuts stand for.

    Raises:
        UsageError: if both `--vis` and `--headless` are given.
    """
    if vis and headless:
        raise UsageError("--vis and --headless exclude each other")
    overrides = []
    if vis or headless:
        overrides.append((f"{root}.simulation.vis", "true" if vis else "false"))
    if gpu:
        overrides.append((f"{root}.simulation.gpu", "true"))
    if dt is not None:
        overrides.append((f"{root}.simulation.dt", str(dt)))
    return overrides
