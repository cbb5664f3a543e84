"""An engine in the place of Genesis: the body that entities read, and the scene that environments step.

Entities, and with them all reward, termination, event and metric terms, then work in another simulator unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch

from genelab.config.base import built
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.config.scene import ArticulationCfg
from genelab.entities.articulation import Articulation
from genelab.entities.body import Batch
from genelab.entities.physical_properties import PhysicalProperties
from genelab.eval.metrics import NotApplicable
from genelab.sensors.sensor import Sensor
from genelab.sim.markers import SphereMarker
from genelab.sim.scene import Scene
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


class EngineBody:
    """An engine's robot as a `genelab.entities.body.Body`; tensors are float32 on the CPU."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        robot = engine.robot
        self._first = 6 if robot.free_base else 0
        first_q = 7 if robot.free_base else 0
        base = [_Joint("base", 6, list(range(6)), list(range(7)))] if robot.free_base else []
        self.joints = base + [
            _Joint(name, 1, [self._first + i], [first_q + i]) for i, name in enumerate(robot.joint_names)
        ]
        self.links = [_Link(name) for name in robot.link_names]
        self._states: LinkStates | None = None

    def moved(self) -> None:
        """Forget what was read: the engine advanced."""
        self._states = None

    def get_qpos(self) -> torch.Tensor:
        return _tensor(self._engine.qpos)

    def get_dofs_velocity(self, dofs_idx_local: Any = slice(None)) -> torch.Tensor:
        return _tensor(self._engine.qvel)[:, dofs_idx_local]

    def get_dofs_position(self, dofs_idx_local: Any) -> torch.Tensor:
        """Return positions of joints; those of a free base have none that is of any use."""
        joints = _tensor(self._engine.qpos[:, -len(self._engine.robot.joint_names) :])
        base = torch.full((len(joints), self._first), torch.nan)
        return torch.cat((base, joints), dim=1)[:, dofs_idx_local]

    def get_dofs_limit(self, dofs_idx_local: Any) -> tuple[torch.Tensor, torch.Tensor]:
        base = np.tile([-np.inf, np.inf], (self._first, 1))
        limits = _tensor(np.concatenate((base, self._engine.joint_limits)))[dofs_idx_local]
        return limits[:, 0], limits[:, 1]

    def get_pos(self) -> torch.Tensor:
        return self.get_links_pos()[:, 0]

    def get_quat(self) -> torch.Tensor:
        return self.get_links_quat()[:, 0]

    def get_vel(self) -> torch.Tensor:
        return self.get_links_vel()[:, 0]

    def get_ang(self) -> torch.Tensor:
        return self.get_links_ang()[:, 0]

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

    def get_contacts(self, with_entity: Any, *, is_padded: bool) -> NoReturn:
        raise NotInEngine("single contacts, which only Genesis tells here")

    def get_jacobian(self, link: Any) -> NoReturn:
        raise NotInEngine("Jacobians of links, which only Genesis tells here")

    def set_qpos(self, qpos: torch.Tensor, *, envs_idx: torch.Tensor | None = None, zero_velocity: bool) -> None:
        qvel = np.zeros_like(self._engine.qvel) if zero_velocity else self._engine.qvel
        self._write(qpos.double().numpy(), qvel, envs_idx)

    def set_dofs_velocity(
        self, velocity: torch.Tensor, *, envs_idx: torch.Tensor | None = None, skip_forward: bool
    ) -> None:
        self._write(self._engine.qpos, velocity.double().numpy(), envs_idx)

    def _write(self, qpos: np.ndarray, qvel: np.ndarray, mask: torch.Tensor | None) -> None:
        everyone = np.ones(self._engine.num_envs, dtype=bool)
        self._engine.write_state(qpos, qvel, everyone if mask is None else mask.numpy())
        self.moved()

    def _read(self) -> LinkStates:
        if self._states is None:
            self._states = self._engine.links()
        return self._states


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


class _Untold(Mapping[str, PhysicalProperties]):
    """Masses and the like, of which an engine tells nothing."""

    def __getitem__(self, name: str) -> NoReturn:
        raise NotInEngine(f"the masses, inertias and friction of {name!r}, which only Genesis tells here")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class EngineScene(Scene):
    """A robot in an engine, on a plane. Sensors work on it as on a robot in Genesis.

    Args:
        cfg: The environment that the scene is of. Its gains and limits do not count: the engine has those of the
            metadata.
        engine: Simulates the robot.

    Attributes:
        targets: What the robot's controller asks of each joint in the coming step, `(num_envs, num_joints)`.
        target_difference: Largest difference so far between that and what the task's action terms ask for.
        missing_sensors: Why a sensor could not be built, by name.
    """

    def __init__(self, cfg: ManagerBasedRlEnvCfg, engine: Engine) -> None:
        self.engine, self._body = engine, EngineBody(engine)
        name, batch = engine.robot.name, Batch(engine.num_envs, 0, torch.device("cpu"))
        robot = cfg.scene.entities[name]
        assert isinstance(robot, ArticulationCfg), name
        self._robot = Articulation(name, robot, self._body, batch)
        self.targets = self._robot.default_joint_pos.double().numpy()
        self.target_difference = 0.0
        self.missing_sensors: dict[str, str] = {}
        super().__init__(cfg.scene, cfg.simulation, batch, {name: self._robot}, _Untold())

    def _build_sensors(self) -> dict[str, Sensor[Any]]:
        """Return the sensors that work here: each looks once; what it remembers of that goes with the first reset."""
        sensors: dict[str, Sensor[Any]] = {}
        for name, sensor_cfg in self.cfg.sensors.items():
            try:
                sensor = built(sensor_cfg, Sensor, self)
                if sensor_cfg.every_tick:
                    sensor.tick()
                sensor.update(1.0)
                sensors[name] = sensor
            except NotInEngine as missing:
                self.missing_sensors[name] = missing.what
        return sensors

    def sensor(self, name: str) -> Any:
        if name in self.missing_sensors:
            raise NotInEngine(f"sensor {name!r}, which needs {self.missing_sensors[name]}")
        return super().sensor(name)

    def step(self) -> None:
        """Advance one control step under the controller's targets."""
        self._robot.flush()
        asked = self._robot.target.double().numpy()
        self.target_difference = max(self.target_difference, float(np.abs(asked - self.targets).max()))
        self.engine.step(self.targets, self.tick_sensors if self._tick_sensors else None)
        self._body.moved()
        self._robot.invalidate()

    def step_physics(self) -> None:
        self.engine.step(self.targets)
        self._body.moved()

    def error_mask(self) -> torch.Tensor:
        return torch.from_numpy(self.engine.broken())

    def render(self, index: int = 0, markers: list[SphereMarker] | None = None) -> np.ndarray:
        """Return a picture of robot `index`; markers are not drawn."""
        self._robot.flush()
        return self.engine.render(index)

    def lower_ground_friction(self, friction: float) -> None:
        raise NotInEngine("the friction of the ground, which only Genesis changes here")

    def close(self) -> None:
        self.engine.close()
