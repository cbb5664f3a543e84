"""A free rigid body."""

from __future__ import annotations

from genelab.config.scene import RigidObjectCfg
from genelab.entities.body import Batch, Body
from genelab.entities.entity import Entity
from genelab.utils.errors import GenelabError


class RigidObject(Entity):
    """A body that is moved by forces only."""

    def __init__(self, name: str, cfg: RigidObjectCfg, body: Body, batch: Batch) -> None:
        super().__init__(name, cfg, body, batch)
        if not self.free_base:
            raise GenelabError(f"object {name!r} cannot move", where="scene.entities", fix="give it a free joint")
