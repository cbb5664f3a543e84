"""A PD law computed here, before every physics tick: for models whose torque Genesis cannot express."""

from __future__ import annotations

from typing import Any, ClassVar

from genelab.actuators.actuator import Actuator
from genelab.config.base import PerJoint, configclass
from genelab.config.scene import ActuatorCfg
from genelab.utils.lazy import torch


@configclass
class IdealPdCfg(ActuatorCfg):
    """Torque = clip(stiffness · (target − q) − damping · q̇, ±effort limit), from the state at each tick.

    Attributes:
        stiffness: N m/rad or N/m.
        damping: N m s/rad or N s/m.
    """

    needs_fresh_state: ClassVar[bool] = True

    stiffness: PerJoint = 0.0
    damping: PerJoint = 0.0

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> Actuator:
        return IdealPd(self, names, num_envs, device)


class IdealPd(Actuator[IdealPdCfg]):
    """Runtime of `IdealPdCfg`."""

    model = "ideal_pd"

    def __init__(self, cfg: IdealPdCfg, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        super().__init__(cfg, names, num_envs, device)
        self.stiffness = self._table(cfg.stiffness, 0.0)
        self.damping = self._table(cfg.damping, 0.0)

    def simulated_gains(self) -> tuple[torch.Tensor, torch.Tensor]:
        zero = torch.zeros(len(self.names), device=self.device)
        return zero, zero

    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        return self.servo(target - joint_pos, -joint_vel)

    def send(self, entity: Any, command: torch.Tensor) -> None:
        entity.control_dofs_force(command, self.dofs)
