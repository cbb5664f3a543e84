"""Options about the simulation: seeds, and shortcuts of `train` and `play` that are given to the task as overrides."""

from __future__ import annotations

from dataclasses import dataclass

import click

from genelab.console.options.common import filled, option
from genelab.utils.errors import UsageError

Seed = click.IntRange(min=0, max=2**32 - 1)
"""What every random generator takes (numpy's has 32 bits)."""


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """Shortcuts for fields of `SimulationCfg`."""

    vis: bool = option("-v", "--vis", is_flag=True, help="Open the viewer.")
    headless: bool = option(is_flag=True, help="No viewer.")
    gpu: bool = option(is_flag=True, help="Simulate on the GPU; an error if there is none.")
    dt: float | None = option(type=click.FloatRange(min=0, min_open=True), help="Physics tick, s.")

    def overrides(self, root: str) -> list[tuple[str, str]]:
        """Return the overrides below `root` (`"env"`, `"play_env"`) that the shortcuts stand for.

        Raises:
            UsageError: if both `--vis` and `--headless` are given.
        """
        if self.vis and self.headless:
            raise UsageError("--vis and --headless exclude each other")
        overrides: list[tuple[str, str]] = []
        if self.vis or self.headless:
            overrides.append((f"{root}.simulation.vis", "true" if self.vis else "false"))
        if self.gpu:
            overrides.append((f"{root}.simulation.gpu", "true"))
        if self.dt is not None:
            overrides.append((f"{root}.simulation.dt", str(self.dt)))
        return overrides


simulation_options = filled(SimulationOptions, "simulation")
"""Add `--vis`, `--headless`, `--gpu` and `--dt`, which the command gets as `simulation`."""
