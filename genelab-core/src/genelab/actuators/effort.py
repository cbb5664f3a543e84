"""Direct torque: the target is the torque itself."""

from __future__ import annotations

from typing import Any

from genelab.actuators.actuator import Actuator
from genelab.config.base import configclass
from genelab.config.scene import ActuatorCfg
from genelab.utils.lazy import torch


@configclass
class EffortCfg(ActuatorCfg):
    """Torque (N m) or force (N) = target, clipped to the effort limit."""

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> Actuator:
        return Effort(self, names, num_envs, device)


class Effort(Actuator[EffortCfg]):
    """Runtime of `EffortCfg`."""

    model = "effort"

    def __init__(self, cfg: EffortCfg, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        super().__init__(cfg, names, num_envs, device)
        self.stiffness = torch.zeros(len(names), device=device)
        self.damping = torch.zeros_like(self.stiffness)

    @property
    def passive(self) -> bool:
        return False

    def simulated_gains(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.stiffness, self.damping

    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        return target.clamp(-self.effort_limit, self.effort_limit)

    def send(self, entity: Any, command: torch.Tensor) -> None:
        entity.control_dofs_force(command, self.dofs)
