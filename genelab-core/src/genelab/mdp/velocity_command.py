"""Command that asks a robot to move at a velocity."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pydantic import Field

from genelab.config.base import Positive, Range, Share, configclass
from genelab.config.terms import CommandTermCfg
from genelab.managers.command_manager import CommandTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.rotations import angle_of, yaw_of


@configclass
class VelocityBinCfg:
    """Commands of one kind, such as straight ahead: ranges as those of `VelocityCommandCfg`; what is not named is 0."""

    lin_vel_x: Range = (0.0, 0.0)
    lin_vel_y: Range = (0.0, 0.0)
    ang_vel_z: Range = (0.0, 0.0)


@configclass
class VelocityCommandCfg(CommandTermCfg):
    """Forward, sideward and turning velocity in the base's frame, drawn uniformly.

    Attributes:
        lin_vel_x: Range of the forward velocity, m/s.
        lin_vel_y: Range of the velocity to the left, m/s.
        ang_vel_z: Range of the turning rate to the left, rad/s.
        standing_share: Share of commands that ask to stand still.
        forward_share: Share that asks to go straight ahead: only |forward velocity|, at least `forward_min`.
        forward_min: m/s.
        axis_share: Share that asks for one of the three alone, each as often: a command drawn from a box hardly ever
            asks to turn on the spot, so nobody learns it.
        heading_share: Share that asks for a compass direction instead of a turning rate.
        heading_stiffness: Turning rate per rad of difference from that direction, 1/s.
        entity: Key of the robot in the scene.
        stratum: Name of the environment's stratum that sorts evaluation episodes by their command. An episode draws one
            command from its bin's ranges and keeps it to the end; the shares above are left out.
        bins: The bins of that stratum, which has their names.
    """

    components: ClassVar[tuple[str, ...]] = ("vx", "vy", "wz")

    lin_vel_x: Range = (-1.0, 1.0)
    lin_vel_y: Range = (-1.0, 1.0)
    ang_vel_z: Range = (-1.0, 1.0)
    standing_share: Share = 0.0
    forward_share: Share = 0.0
    forward_min: float = 0.3
    axis_share: Share = 0.0
    heading_share: Share = 0.0
    heading_stiffness: Positive = 0.5
    entity: str = "robot"
    stratum: str | None = None
    bins: dict[str, VelocityBinCfg] = Field(default_factory=dict)

    def build(self, env: TermEnv) -> VelocityCommand:
        return VelocityCommand(self, env)


class VelocityCommand(CommandTerm):
    """Runtime of `VelocityCommandCfg`.

    Attributes:
        ranges: Lower and upper bounds of (forward, left, turning), which a curriculum may assign, `(3, 2)`.
        progress: Way covered along the commanded direction in this episode, m, `(num_envs,)`.
        commanded_distance: Way that the commands of this episode asked for, m, `(num_envs,)`.
    """

    cfg: VelocityCommandCfg

    def __init__(self, cfg: VelocityCommandCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        self.ranges = torch.tensor([cfg.lin_vel_x, cfg.lin_vel_y, cfg.ang_vel_z], device=env.device)
        self.progress, self.commanded_distance = torch.zeros(2, env.num_envs, device=env.device)
        self._bins = _bin_ranges(cfg, env)
        self._command = torch.zeros(env.num_envs, 3, device=env.device)
        self._heading = torch.zeros(env.num_envs, device=env.device)
        self._turns_to = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)

    @property
    def command(self) -> torch.Tensor:
        return self._command

    def resample(self, mask: torch.Tensor) -> None:
        cfg, share = self.cfg, self.env.random.uniform(f"command/{self.name}", 7, mask)
        bins = None if cfg.stratum is None else self.env.random.stratum(cfg.stratum)
        low, high = (self.ranges if bins is None else self._bins[bins]).unbind(-1)
        drawn = low + share[:, :3] * (high - low)
        turns_to = torch.zeros_like(mask)
        if bins is not None:
            self._time_left = self._time_left.masked_fill(mask, math.inf)
        else:
            straight = torch.zeros_like(drawn)
            straight[:, 0] = drawn[:, 0].abs().clamp(min=cfg.forward_min)
            standing = share[:, 5] < cfg.standing_share
            forward = (share[:, 4] < cfg.forward_share) & ~standing
            alone = (share[:, 4] >= 1.0 - cfg.axis_share) & ~standing & ~forward
            axis = torch.nn.functional.one_hot((3.0 * share[:, 6]).long().clamp(max=2), 3)
            turns_to = (share[:, 3] < cfg.heading_share) & ~standing & ~forward & ~alone
            drawn = torch.where(alone[:, None], drawn * axis, drawn)
            drawn = torch.where(forward[:, None], straight, drawn).masked_fill(standing[:, None], 0.0)
        self._command = torch.where(mask[:, None], drawn, self._command)
        self._turns_to = torch.where(mask, turns_to, self._turns_to)
        self._heading = torch.where(mask, (2.0 * share[:, 6] - 1.0) * math.pi, self._heading)

    def reset(self, mask: torch.Tensor) -> None:
        super().reset(mask)
        self.progress = self.progress.masked_fill(mask, 0.0)
        self.commanded_distance = self.commanded_distance.masked_fill(mask, 0.0)

    def compute(self, dt: float) -> None:
        robot, wanted = self.env.scene[self.cfg.entity], self.command[:, :2]
        speed = wanted.norm(dim=1)
        along = (robot.base_lin_vel[:, :2] * wanted).sum(dim=1)
        self.progress = self.progress + dt * along / speed.clamp(min=1e-6)
        self.commanded_distance = self.commanded_distance + dt * speed
        super().compute(dt)

    def update(self) -> None:
        if self.cfg.heading_share == 0.0:
            return
        ahead = self._heading - yaw_of(self.env.scene[self.cfg.entity].root_quat)
        error = angle_of(ahead.sin(), ahead.cos())
        rate = (self.cfg.heading_stiffness * error).clamp(*self.ranges[2])
        turning = torch.where(self._turns_to, rate, self._command[:, 2])
        self._command = torch.cat((self._command[:, :2], turning[:, None]), dim=1)

    def load_command(self, command: torch.Tensor) -> None:
        self._command = command

    _STATE = ("ranges", "progress", "commanded_distance", "_heading", "_turns_to")

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "velocity": {name: vars(self)[name].clone() for name in self._STATE}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        device = self._command.device
        vars(self).update({name: value.to(device, copy=True) for name, value in state["velocity"].items()})


def _bin_ranges(cfg: VelocityCommandCfg, env: TermEnv) -> torch.Tensor:
    """Return the bounds of (forward, left, turning) of each bin, `(num_bins, 3, 2)`.

    Raises:
        UsageError: when the environment's stratum has other bins than the command.
    """
    if cfg.stratum is not None and env.strata.get(cfg.stratum) != tuple(cfg.bins):
        raise UsageError(
            f"a velocity command has the bins {tuple(cfg.bins)}, its stratum {env.strata.get(cfg.stratum)}",
            where=f"strata.{cfg.stratum}",
            fix=f"env.strata[{cfg.stratum!r}] = tuple(command.bins)",
        )
    bounds = [(bounds.lin_vel_x, bounds.lin_vel_y, bounds.ang_vel_z) for bounds in cfg.bins.values()]
    return torch.tensor(bounds, device=env.device)
