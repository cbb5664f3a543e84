"""An engine's robot in the shape in which the entities of the scene read Genesis.

`Articulation`, and with it every reward, termination, event and metric term, then works on another simulator unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from genelab.eval.metrics import NotApplicable
from genelab.sim2sim.engine import Engine, LinkStates
from genelab.utils.errors import GenelabError


class NotInEngine(GenelabError, NotApplicable):
    """A term asked for something that only Genesis has; so did a metric, which then does not apply."""


@dataclass(frozen=True)
class _Joint:
    name: str
    n_dofs: int
    dofs_idx_local: list[int]
    qs_idx_local: list[int]


@dataclass(frozen=True)
class _Link:
    name: str
    idx_local: int


class Body:
    """The part of Genesis' rigid entity that `Entity` and `Articulation` use; tensors are float32 on the CPU.

    Gains, limits, inertias and targets that the environment gives are not for it: the engine has those of the metadata.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        robot = engine.robot
        self._first = 6 if robot.free_base else 0
        first_q = 7 if robot.free_base else 0
        base = [_Joint("base", 6, list(range(6)), list(range(7)))] if robot.free_base else []
        self.joints = base + [
            _Joint(name, 1, [self._first + i], [first_q + i]) for i, name in enumerate(robot.joint_names)
        ]
        self.links = [_Link(name, i) for i, name in enumerate(robot.link_names)]
        self._links: LinkStates | None = None

    def __getattr__(self, name: str) -> Any:
        raise NotInEngine(f"{name} of Genesis' entities, which {self._engine.name} does not have here")

    def moved(self) -> None:
        """Forget what was read: the engine advanced."""
        self._links = None

    def get_qpos(self) -> torch.Tensor:
        return _tensor(self._engine.qpos)

    def get_dofs_velocity(self, dofs_idx_local: Any = slice(None)) -> torch.Tensor:
        return _tensor(self._engine.qvel)[:, dofs_idx_local]

    def get_dofs_position(self, dofs_idx_local: Any) -> torch.Tensor:
        """Return positions of joints; those of a free base have none that is of any use."""
        joints = _tensor(self._engine.qpos[:, -len(self._engine.robot.joint_names) :])
        base = torch.full((len(joints), self._first), torch.nan)
        return torch.cat((base, joints), dim=1)[:, dofs_idx_local]

    def get_dofs_limit(self, dofs_idx_local: slice) -> tuple[torch.Tensor, torch.Tensor]:
        base = np.tile([-np.inf, np.inf], (self._first, 1))
        limits = _tensor(np.concatenate((base, self._engine.joint_limits)))[dofs_idx_local]
        return limits[:, 0], limits[:, 1]

    def get_links_pos(self) -> torch.Tensor:
        return _tensor(self._read().pos)

    def get_links_quat(self) -> torch.Tensor:
        return _tensor(self._read().quat)

    def get_links_vel(self) -> torch.Tensor:
        return _tensor(self._read().lin_vel)

    def get_links_ang(self) -> torch.Tensor:
        return _tensor(self._read().ang_vel)

    def get_links_net_contact_force(self) -> torch.Tensor:
        return _tensor(self._engine.contact_forces())

    def get_pos(self) -> torch.Tensor:
        return self.get_links_pos()[:, 0]

    def get_quat(self) -> torch.Tensor:
        return self.get_links_quat()[:, 0]

    def get_vel(self) -> torch.Tensor:
        return self.get_links_vel()[:, 0]

    def get_ang(self) -> torch.Tensor:
        return self.get_links_ang()[:, 0]

    def set_qpos(self, qpos: torch.Tensor, *, envs_idx: torch.Tensor, zero_velocity: bool) -> None:
        qvel = np.zeros_like(self._engine.qvel) if zero_velocity else self._engine.qvel
        self._write(qpos.double().numpy(), qvel, envs_idx)

    def set_dofs_velocity(self, velocity: torch.Tensor, *, envs_idx: torch.Tensor, skip_forward: bool) -> None:
        self._write(self._engine.qpos, velocity.double().numpy(), envs_idx)

    def set_dofs_kp(self, *ignored: Any) -> None:
        """Gains come from the metadata, as everything does that a drive is made of."""

    set_dofs_kv = set_dofs_force_range = set_dofs_armature = set_dofs_frictionloss = set_dofs_kp

    def _write(self, qpos: np.ndarray, qvel: np.ndarray, mask: torch.Tensor) -> None:
        self._engine.write_state(qpos, qvel, mask.numpy())
        self.moved()

    def _read(self) -> LinkStates:
        if self._links is None:
            self._links = self._engine.links()
        return self._links


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
