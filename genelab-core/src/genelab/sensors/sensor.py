"""What every sensor does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from genelab.config.sensor import SensorCfg
from genelab.entities.articulation import Articulation
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.stateful import Stateful

C = TypeVar("C", bound=SensorCfg)


class Sensor(Stateful, Generic[C]):
    """Measures one entity for all envs.

    Plain measurements are made when a term asks and kept until the robot's state changes; what depends on time is made
    in `update`.

    Attributes:
        robot: The entity.
    """

    def __init__(self, cfg: C, scene: Any) -> None:
        self.cfg, self.scene = cfg, scene
        self.num_envs, self.device = scene.num_envs, scene.device
        self.robot: Articulation = scene.articulation(cfg.entity, where=f"sensor {type(cfg).__name__}")

    def tick(self) -> None:
        """Called after each physics tick if the config's `every_tick` is on."""

    def update(self, dt: float) -> None:
        """Called once per control step of `dt` seconds, after the physics and before the terms."""

    def reset(self, mask: torch.Tensor) -> None:
        """Forget the past of the envs in `mask`, bool `(num_envs,)`; they have just been moved."""

    def _cached(self, key: str, measure: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Return a plain measurement, made once for each state of the robot."""
        return self.robot.cached(f"sensor {id(self)} {key}", measure)

    def _find_link(self, link: str | None) -> int:
        """Return the index of one link, the base for `None`."""
        if link is None:
            return 0
        found = self.robot.find_links((link,))
        if len(found) != 1:
            raise UsageError(f"{link!r} matches {len(found)} links, and this sensor sits on one")
        return found[0]
