"""Command that asks for a place."""

from __future__ import annotations

from typing import ClassVar

from genelab.config.base import Positive, Share, Vector3, configclass
from genelab.config.terms import CommandTermCfg
from genelab.managers.command_manager import CommandTerm
from genelab.managers.term_env import TermEnv
from genelab.sim.markers import SphereMarker
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.strata import bin_labels


@configclass
class GoalPositionCommandCfg(CommandTermCfg):
    """A place in the world, drawn uniformly in a box; on its floor with a given probability.

    Attributes:
        low: Lower corner of the box, m.
        high: Upper corner, m.
        floor_probability: Share of goals whose height is that of the lower corner.
        reach: Distance from the world's origin that no goal may exceed, m; a box beyond it is refused.
        stratum: Name of the environment's stratum that fixes heights in evaluation. The first bins, as many as
            `floor_probability` says, are the floor; the others cut the height of the box into equal slices.
        marker_radius: Radius of the sphere that shows the goal in pictures, m.
        marker_color: Its colour, (red, green, blue, opacity).
    """

    components: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    low: Vector3
    high: Vector3
    floor_probability: Share = 0.0
    reach: Positive | None = None
    stratum: str | None = None
    marker_radius: Positive = 0.02
    marker_color: tuple[float, float, float, float] = (0.1, 0.7, 0.2, 0.6)

    def build(self, env: TermEnv) -> GoalPositionCommand:
        return GoalPositionCommand(self, env)


class GoalPositionCommand(CommandTerm):
    """Runtime of `GoalPositionCommandCfg`."""

    cfg: GoalPositionCommandCfg

    def __init__(self, cfg: GoalPositionCommandCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        self._low = torch.tensor(cfg.low, device=env.device)
        self._high = torch.tensor(cfg.high, device=env.device)
        _check_box(cfg)
        self._bins = len(bin_labels(env.strata[cfg.stratum])) if cfg.stratum is not None else 0
        self._floor_bins = round(self._bins * cfg.floor_probability)
        self._command = self._low.repeat(env.num_envs, 1)

    @property
    def command(self) -> torch.Tensor:
        return self._command

    def resample(self, mask: torch.Tensor) -> None:
        share = self.env.random.uniform(f"command/{self.name}", 4, mask)
        on_floor, height = share[:, 3] < self.cfg.floor_probability, share[:, 2]
        bins = None if self.cfg.stratum is None else self.env.random.stratum(self.cfg.stratum)
        if bins is not None:
            on_floor = bins < self._floor_bins
            slices = max(self._bins - self._floor_bins, 1)
            height = (bins - self._floor_bins + height) / slices
        height = torch.where(on_floor, torch.zeros_like(height), height)
        drawn = self._low + torch.stack((share[:, 0], share[:, 1], height), dim=1) * (self._high - self._low)
        self._command = torch.where(mask[:, None], drawn, self._command)

    def load_command(self, command: torch.Tensor) -> None:
        self._command = command

    def markers(self) -> list[SphereMarker]:
        return [SphereMarker(self._command, self.cfg.marker_radius, self.cfg.marker_color)]


def _check_box(cfg: GoalPositionCommandCfg) -> None:
    """Raise `UsageError` for a box that is inside out, or that reaches further than the robot."""
    if any(low > high for low, high in zip(cfg.low, cfg.high, strict=True)):
        raise UsageError(f"goals lie between {cfg.low} and {cfg.high}, which is no box", fix="low must not exceed high")
    farthest = sum(max(abs(low), abs(high)) ** 2 for low, high in zip(cfg.low, cfg.high, strict=True)) ** 0.5
    if cfg.reach is not None and farthest > cfg.reach:
        raise UsageError(
            f"goals may lie {farthest:.2f} m away, beyond the reach of {cfg.reach:g} m",
            where=f"goals between {cfg.low} and {cfg.high}",
            fix="make the box smaller",
        )
