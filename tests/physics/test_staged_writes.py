"""Writes to an entity wait until the next read or step; whatever waits, only the envs that were meant may change."""

from __future__ import annotations

import torch

from genelab.config import RigidObjectCfg
from genelab.entities.body import Batch
from genelab.entities.entity import Entity


class RecordingBody:
    """Stands for a body with two coordinates: keeps what it is told, row by row."""

    links = joints = ()

    def __init__(self, num_envs: int) -> None:
        self.qpos, self.velocity = torch.zeros(num_envs, 2), torch.zeros(num_envs, 2)
        self.writes = 0

    def get_qpos(self) -> torch.Tensor:
        return self.qpos.clone()

    def get_dofs_velocity(self) -> torch.Tensor:
        return self.velocity.clone()

    def set_qpos(self, qpos, *, envs_idx, zero_velocity):
        self.qpos[envs_idx] = qpos[envs_idx]
        self.writes += 1

    def set_dofs_velocity(self, velocity, *, envs_idx, skip_forward):
        self.velocity[envs_idx] = velocity[envs_idx]
        self.writes += 1


def made_entity(num_envs: int) -> tuple[Entity, RecordingBody]:
    body = RecordingBody(num_envs)
    entity = Entity("body", RigidObjectCfg(mjcf="<mujoco/>"), body, Batch(num_envs, 0, torch.device("cpu")))
    entity._default_qpos.fill_(9.0)
    return entity, body


def test_a_reset_and_the_writes_that_shape_it_reach_the_simulator_together() -> None:
    entity, body = made_entity(3)
    mask = torch.tensor([True, False, False])
    entity.reset(mask)
    entity._stage(mask, qpos=(slice(0, 1), torch.full((3, 1), 5.0)), velocity=(slice(0, 2), torch.ones(3, 2)))
    assert body.writes == 0
    entity.flush()
    assert body.writes == 2
    assert body.qpos.tolist() == [[5.0, 9.0], [0.0, 0.0], [0.0, 0.0]]
    assert body.velocity.tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_push_of_other_envs_does_not_reset_them_with_the_first() -> None:
    entity, body = made_entity(3)
    entity.reset(torch.tensor([True, False, False]))
    pushed = torch.tensor([False, True, False])
    entity._stage(pushed, qpos=None, velocity=(slice(0, 1), torch.full((3, 1), 2.0)))
    entity.flush()
    assert body.qpos.tolist() == [[9.0, 9.0], [0.0, 0.0], [0.0, 0.0]]
    assert body.velocity.tolist() == [[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]
