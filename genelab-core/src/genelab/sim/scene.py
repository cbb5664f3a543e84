"""What a scene is, in whatever simulator: entities, sensors and the ground of a batch of envs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from genelab.config.base import built
from genelab.config.scene import SceneCfg
from genelab.config.simulation import SimulationCfg
from genelab.entities.articulation import Articulation
from genelab.entities.body import Batch
from genelab.entities.entity import RigidObject
from genelab.entities.physical_properties import PhysicalProperties
from genelab.sensors.sensor import Sensor
from genelab.sim.markers import SphereMarker
from genelab.sim.viewer import KeyBinding
from genelab.terrains.generator import TerrainGrid
from genelab.terrains.ground import FlatGround, Ground, HeightField
from genelab.terrains.placement import Placement
from genelab.utils.errors import UsageError
from genelab.utils.names import unknown_name


class Scene(ABC):
    """A batch of equal scenes: what an environment steps and its terms look at.

    A simulator brings a subclass, which makes the entities (`genelab.sim.genesis_scene.GenesisScene`).

    Args:
        cfg: What stands there.
        sim: How it is simulated.
        batch: The envs.
        entities: By name.
        properties: By the same names.
        terrain: The uneven ground; without, it is flat.

    Attributes:
        entities: Articulations and rigid objects by name.
        properties: What randomisation may change about each entity, by the same names.
        sensors: By name.
        ground: The surface that robots stand on.
        placement: Which cell of the terrain each env works in; `None` without a terrain.
        device: Where tensors live.
        gravity: m/s².
        solver_cfg: Options of the solver.
        viewer: Whether an interactive viewer is open.
    """

    viewer = False

    def __init__(
        self,
        cfg: SceneCfg,
        sim: SimulationCfg,
        batch: Batch,
        entities: Mapping[str, Articulation | RigidObject],
        properties: Mapping[str, PhysicalProperties],
        terrain: TerrainGrid | None = None,
    ) -> None:
        self.cfg, self.num_envs, self.padding, self.device = cfg, batch.num_envs, batch.padding, batch.device
        self.gravity, self.solver_cfg = sim.gravity, sim.solver
        self.entities, self.properties = entities, properties
        self.placement: Placement | None = None
        self.ground: Ground = FlatGround(0.0 if cfg.ground is None else cfg.ground.height)
        if cfg.terrain is not None and terrain is not None:
            self.ground = HeightField(terrain, self.device)
            self.placement = Placement(cfg.terrain, terrain, self.num_envs, self.device)
        self.sensors: dict[str, Sensor[Any]] = self._build_sensors()
        self._tick_sensors = [sensor for sensor in self.sensors.values() if sensor.cfg.every_tick]

    def _build_sensors(self) -> dict[str, Sensor[Any]]:
        return {name: built(sensor, Sensor, self) for name, sensor in self.cfg.sensors.items()}

    @abstractmethod
    def step(self) -> None:
        """Advance one control step, and let the sensors that read every tick do so."""

    @abstractmethod
    def step_physics(self) -> None:
        """Advance the ticks of one control step with the targets as they are, and nothing else: for measurements."""

    @abstractmethod
    def error_mask(self) -> torch.Tensor:
        """Return which envs became non-finite in the last step, bool `(num_envs,)`. Resetting clears it."""

    @abstractmethod
    def render(self, index: int = 0, markers: list[SphereMarker] | None = None) -> np.ndarray:
        """Return a picture of env `index`, uint8 `(height, width, 3)`."""

    @abstractmethod
    def lower_ground_friction(self, friction: float) -> None:
        """Let the ground's friction coefficient be at most `friction`, in all envs."""

    @abstractmethod
    def close(self) -> None:
        """Free what the simulator holds."""

    def show(self, markers: list[SphereMarker]) -> None:
        """Show markers of all envs in the viewer, if there is one, until the next call."""

    def bind_keys(self, bindings: Sequence[KeyBinding]) -> None:
        """Let keys of the viewer, if there is one, call functions."""

    def __getitem__(self, name: str) -> Articulation | RigidObject:
        if name not in self.entities:
            raise unknown_name("entity", name, self.entities, where="scene.entities")
        return self.entities[name]

    def articulation(self, name: str, *, where: str = "scene.entities") -> Articulation:
        """Return an entity that has joints.

        Raises:
            UsageError: if there is none of this name, or it has none.
        """
        entity = self[name]
        if not isinstance(entity, Articulation):
            raise UsageError(f"entity {name!r} has no joints", where=where)
        return entity

    def sensor(self, name: str) -> Any:
        """Return a sensor; terms know its class by the quantity they ask for."""
        if name not in self.sensors:
            raise unknown_name("sensor", name, self.sensors, where="scene.sensors")
        return self.sensors[name]

    def tick_sensors(self) -> None:
        """Let the sensors look that do so after each tick of the physics."""
        for sensor in self._tick_sensors:
            sensor.tick()

    def seated(self, pos: torch.Tensor) -> torch.Tensor:
        """Return positions `(num_envs, 3)` given relative to each env's place, m, in the world.

        On a terrain that place is the centre of the env's cell, and z counts from the highest ground about the point.
        """
        return pos if self.placement is None else self.placement.seated(pos)

    def update_sensors(self, dt: float) -> None:
        """Let the sensors look, once per control step of `dt` seconds."""
        for sensor in self.sensors.values():
            sensor.update(dt)

    def reset_sensors(self, mask: torch.Tensor) -> None:
        """Let the sensors forget the past of the envs in `mask`, bool `(num_envs,)`, which have been moved."""
        for sensor in self.sensors.values():
            sensor.reset(mask)

    def surroundings_state(self) -> dict[str, Any]:
        """Return what the future depends on besides positions, velocities and targets."""
        return {
            "properties": {name: item.state_dict() for name, item in self.properties.items()},
            "sensors": {name: sensor.state_dict() for name, sensor in self.sensors.items()},
            "encoder_bias": {
                n: e.encoder_bias.clone() for n, e in self.entities.items() if isinstance(e, Articulation)
            },
            "placement": {} if self.placement is None else self.placement.state_dict(),
        }

    def load_surroundings_state(self, state: dict[str, Any]) -> None:
        """Restore what `surroundings_state` returned."""
        for name, item in self.properties.items():
            item.load_state_dict(state["properties"][name])
        for name, sensor in self.sensors.items():
            sensor.load_state_dict(state["sensors"][name])
        for name, bias in state["encoder_bias"].items():
            self.articulation(name, where="encoder_bias").encoder_bias = bias.to(self.device, copy=True)
        if self.placement is not None:
            self.placement.load_state_dict(state["placement"])
