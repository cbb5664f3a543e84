"""Actuators that Genesis integrates itself: damping is implicit, so they stay stable at long ticks."""

from __future__ import annotations

from typing import Any

from genelab.actuators.actuator import Actuator
from genelab.config.base import PerJoint, configclass
from genelab.config.scene import ActuatorCfg
from genelab.utils.lazy import torch


@configclass
class ImplicitPdCfg(ActuatorCfg):
    """Position servo: torque = stiffness · (target − q) − damping · q̇, clipped to the effort limit.

    Attributes:
        stiffness: N m/rad or N/m.
        damping: N m s/rad or N s/m.
    """

    stiffness: PerJoint = 0.0
    damping: PerJoint = 0.0

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> Actuator:
        return ImplicitPd(self, names, num_envs, device)


class ImplicitPd(Actuator[ImplicitPdCfg]):
    """Runtime of `ImplicitPdCfg`."""

    model = "implicit_pd"

    def __init__(self, cfg: ImplicitPdCfg, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        super().__init__(cfg, names, num_envs, device)
        self.stiffness = self._table(cfg.stiffness, 0.0)
        self.damping = self._table(cfg.damping, 0.0)

    def simulated_gains(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.stiffness, self.damping

    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        return self.servo(target - joint_pos, -joint_vel)

    def send(self, entity: Any, command: torch.Tensor) -> None:
        entity.control_dofs_position(command, self.dofs)


@configclass
class ImplicitVelocityCfg(ActuatorCfg):
    """Velocity servo: torque = damping · (target − q̇), clipped to the effort limit.

    Attributes:
        damping: N m s/rad or N s/m.
    """

    damping: PerJoint = 0.0

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> Actuator:
        return ImplicitVelocity(self, names, num_envs, device)


class ImplicitVelocity(Actuator[ImplicitVelocityCfg]):
    """Runtime of `ImplicitVelocityCfg`."""

    model = "implicit_velocity"

    def __init__(self, cfg: ImplicitVelocityCfg, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        super().__init__(cfg, names, num_envs, device)
        self.damping = self._table(cfg.damping, 0.0)
        self.stiffness = torch.zeros_like(self.damping)

    def simulated_gains(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.stiffness, self.damping

    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        return self.servo(torch.zeros_like(target), target - joint_vel)

    def send(self, entity: Any, command: torch.Tensor) -> None:
        entity.control_dofs_velocity(command, self.dofs)
