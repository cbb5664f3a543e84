"""What every actuator model does. A new one subclasses `ActuatorCfg` and `Actuator`; nothing else needs to know it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from genelab.config.scene import ActuatorCfg
from genelab.utils.joint_tables import per_joint
from genelab.utils.lazy import torch

C = TypeVar("C", bound=ActuatorCfg)


class Actuator(ABC, Generic[C]):
    """A group of joints.

    Attributes:
        model: Name of the law, for descriptions.
        stiffness: N m/rad or N/m, `(num_joints,)`; zero for a law without.
        damping: N m s/rad or N s/m, `(num_joints,)`.
        stiffness_scale: Randomised factors on the stiffness, `(num_envs, num_joints)`, or 1.
        damping_scale: Likewise for the damping.
        needs_fresh_state: Whether the model computes torques itself, before every physics tick.
        passive: Whether no target has any effect, so that none needs to be sent.
        joint_ids: Its joints' indices among the articulation's joints.
        dofs: The same as Genesis dof indices.
        effort_limit: |torque| or |force| limit, `(num_joints,)`; infinite for none.
    """

    model: str
    stiffness: torch.Tensor
    damping: torch.Tensor

    def __init__(self, cfg: C, names: tuple[str, ...], num_envs: int, device: torch.device) -> None:
        self.cfg, self.names, self.num_envs, self.device = cfg, names, num_envs, device
        self.needs_fresh_state = cfg.needs_fresh_state
        self.joint_ids: Any = slice(0, 0)
        self.dofs: Any = slice(0, 0)
        self.effort_limit = self._table(cfg.effort_limit, float("inf"))
        self.stiffness_scale: torch.Tensor | float = 1.0
        self.damping_scale: torch.Tensor | float = 1.0

    def _table(self, table: float | dict[str, float] | None, default: float) -> torch.Tensor:
        return torch.tensor(per_joint(table, self.names, default, "actuators"), device=self.device)

    def configure(self, entity: Any) -> None:
        """Write gains, limits, armature and friction to the Genesis entity."""
        stiffness, damping = self.simulated_gains()
        entity.set_dofs_kp(stiffness, self.dofs)
        entity.set_dofs_kv(damping, self.dofs)
        entity.set_dofs_force_range(-self.effort_limit, self.effort_limit, self.dofs)
        if self.cfg.armature is not None:
            entity.set_dofs_armature(self._table(self.cfg.armature, 0.0), self.dofs)
        if self.cfg.friction_loss is not None:
            entity.set_dofs_frictionloss(self._table(self.cfg.friction_loss, 0.0), self.dofs)

    def describe(self) -> dict[str, Any]:
        """Return the law and its numbers, one per joint, as plain values; `None` is no limit or the model's own value.

        `sampled` says whether the law reads the joint state once a tick, and its torque then holds for the tick.
        """
        armature, friction = self.cfg.armature, self.cfg.friction_loss
        return {
            "model": self.model,
            "joint_names": list(self.names),
            "sampled": self.needs_fresh_state,
            "stiffness": self.stiffness.tolist(),
            "damping": self.damping.tolist(),
            "effort_limit": finite(self.effort_limit),
            "armature": None if armature is None else self._table(armature, 0.0).tolist(),
            "friction_loss": None if friction is None else self._table(friction, 0.0).tolist(),
        }

    @property
    def passive(self) -> bool:
        return not bool(self.stiffness.any() or self.damping.any())

    def servo(self, position_error: torch.Tensor, velocity_error: torch.Tensor) -> torch.Tensor:
        """Return stiffness · position error + damping · velocity error within the effort limit, N m or N."""
        spring = self.stiffness_scale * self.stiffness * position_error
        effort = spring + self.damping_scale * self.damping * velocity_error
        return effort.clamp(-self.effort_limit, self.effort_limit)

    @abstractmethod
    def simulated_gains(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the stiffness and damping that Genesis applies, `(num_joints,)` each."""

    @abstractmethod
    def effort(self, target: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> torch.Tensor:
        """Return the torque or force `(num_envs, num_joints)` for a target and a joint state of that shape."""

    @abstractmethod
    def send(self, entity: Any, command: torch.Tensor) -> None:
        """Give Genesis the command: a target, or the torque if `needs_fresh_state`."""


def finite(values: torch.Tensor) -> list[float | None]:
    """Return `values` with `None` in place of what is infinite, which JSON cannot say."""
    return [None if value == float("inf") else value for value in values.tolist()]
