"""A free rigid body."""

from __future__ import annotations

import torch

from genelab.entities.entity import Entity
from genelab.utils.errors import GenelabError


class RigidObject(Entity):
    """A body that is moved by forces only."""

    def bind(self, num_envs: int, padding: int, device: torch.device) -> None:
        super().bind(num_envs, padding, device)
        if not self.free_base:
            raise GenelabError(
                f"object {self.name!r} cannot move", where="scene.entities", fix="give its body a free joint"
            )
