"""A DC motor: the faster it turns, the less torque it can add."""

from __future__ import annotations

from typing import Any

from genelab.actuators.actuator import Actuator, finite
from genelab.actuators.ideal_pd import IdealPd, IdealPdCfg
from genelab.config.base import PerJoint, configclass
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch


@configclass
class DcMotorCfg(IdealPdCfg):
    """Ideal PD behind a linear torque-speed curve.

    While the torque drives the motion (torque · q̇ > 0) its magnitude is at most
    saturation · clip(1 − |q̇| / velocity_limit, 0, 1); while it brakes, the effort limit holds.

    Attributes:
        velocity_limit: No-load speed, rad/s or m/s.
        saturation_effort: Stall torque, N m or N; `None` for the effort limit.
    """

    velocity_limit: PerJoint
    saturation_effort: PerJoint | None = None

    def __post_init__(self) -> None:
        if self.effort_limit is None and self.saturation_effort is None:
            raise UsageError("a DC motor needs effort_limit or saturation_effort", where=f"actuator of {self.joints}")

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> Actuator:
        return DcMotor(self, names, num_envs, device)


class DcMotor(IdealPd):
    """Runtime of `DcMotorCfg`."""

    model = "dc_motor"

    def __init__(self, cfg: DcMotorCfg, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        super().__init__(cfg, names, num_envs, device)
        self.velocity_limit = self._table(cfg.velocity_limit, float("inf"))
        stall = cfg.effort_limit if cfg.saturation_effort is None else cfg.saturation_effort
        self.saturation_effort = self._table(stall, float("inf"))

    def describe(self) -> dict[str, Any]:
        limits = {
            "velocity_limit": finite(self.velocity_limit),
            "saturation_effort": finite(self.saturation_effort),
        }
        return {**super().describe(), **limits}

    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        effort = super().effort(target, joint_pos, joint_vel)
        driving_limit = self.saturation_effort * (1.0 - joint_vel.abs() / self.velocity_limit).clamp(0.0, 1.0)
        limit = torch.where(effort * joint_vel > 0.0, driving_limit.minimum(self.effort_limit), self.effort_limit)
        return effort.clamp(-limit, limit)
