"""An engine in the place of the Genesis scene of an environment."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from genelab.config.base import built
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.entities.articulation import Articulation
from genelab.sensors.sensor import Sensor
from genelab.sim.scene import Scene
from genelab.sim2sim.body import Body, NotInEngine
from genelab.sim2sim.engine import Engine
from genelab.terrains.ground import FlatGround


class _Unknown(dict[str, Any]):
    """Masses and the like, of which an engine's robot tells nothing."""

    def __missing__(self, name: str) -> Any:
        raise NotInEngine(f"the masses, inertias and friction of {name!r}, which Genesis alone tells")


class EngineScene(Scene):
    """A robot in an engine, on a plane. Sensors work on it as on a robot in Genesis.

    Attributes:
        targets: What the robot's controller asks of each joint in the coming step, `(num_envs, num_joints)`.
        target_difference: Largest difference so far between that and what the task's action terms ask for.
        missing_sensors: Why a sensor could not be built, by name.
    """

    def __init__(self, cfg: ManagerBasedRlEnvCfg, engine: Engine) -> None:
        self.engine, self.cfg, self.device = engine, cfg.scene, torch.device("cpu")
        self.num_envs, self.padding, self.viewer = engine.num_envs, 0, False
        self.gravity, self.solver_cfg = cfg.simulation.gravity, cfg.simulation.solver
        name = engine.robot.name
        self._robot = Articulation(name, cfg.scene.entities[name])  # pyright: ignore[reportArgumentType]
        self._robot.entity = self._body = Body(engine)
        self._robot.bind(engine.num_envs, 0, self.device)
        self.entities = {name: self._robot}
        self.targets = self._robot.default_joint_pos.double().numpy()
        self.target_difference = 0.0
        self.placement, self.properties = None, _Unknown()
        self.ground = FlatGround(0.0 if cfg.scene.ground is None else cfg.scene.ground.height)
        self.sensors: dict[str, Sensor[Any]] = {}
        self.missing_sensors: dict[str, str] = {}
        for name, sensor in cfg.scene.sensors.items():
            try:
                self.sensors[name] = self._tried(built(sensor, Sensor, self))
            except NotInEngine as missing:
                self.missing_sensors[name] = missing.what
        self._tick_sensors = [sensor for sensor in self.sensors.values() if sensor.cfg.every_tick]

    def _tried(self, sensor: Sensor[Any]) -> Sensor[Any]:
        """Let a sensor look once; what it remembers of that goes with the first reset."""
        if sensor.cfg.every_tick:
            sensor.tick()
        sensor.update(1.0)
        return sensor

    def sensor(self, name: str) -> Any:
        if name in self.missing_sensors:
            raise NotInEngine(f"sensor {name!r}, which needs {self.missing_sensors[name]}")
        return super().sensor(name)

    def step(self) -> None:
        """Advance one control step under the controller's targets."""
        self._robot.flush()
        asked = self._robot.target.double().numpy()
        self.target_difference = max(self.target_difference, float(np.abs(asked - self.targets).max()))
        self.engine.step(self.targets, self._tick if self._tick_sensors else None)
        self._body.moved()
        self._robot.invalidate()

    def _tick(self) -> None:
        for sensor in self._tick_sensors:
            sensor.tick()

    def error_mask(self) -> torch.Tensor:
        """Return which robots are not finite any more, bool `(num_envs,)`."""
        return torch.from_numpy(self.engine.broken())

    def render(self, index: int = 0, markers: Any = None) -> np.ndarray:
        """Return a picture of robot `index`; markers are not drawn."""
        self._robot.flush()
        return self.engine.render(index)

    def close(self) -> None:
        self.engine.close()
