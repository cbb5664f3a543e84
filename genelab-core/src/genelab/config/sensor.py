"""What every sensor's config has."""

from __future__ import annotations

from typing import Any

from genelab.config.base import configclass


@configclass
class SensorCfg:
    """A quantity measured on one entity. A new sensor subclasses this and `genelab.sensors.sensor.Sensor`.

    Attributes:
        entity: Key in `SceneCfg.entities`.
        every_tick: Look after each physics tick instead of once per control step. Genesis then runs tick by tick,
            which costs little.
    """

    entity: str = "robot"
    every_tick: bool = False

    def build(self, scene: Any) -> object:
        """Return the runtime sensor in a built scene.

        Raises:
            UsageError: if the entity has nothing that this sensor measures.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define build()")
