"""The contract of an engine: another simulator that runs copies of one robot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genelab.sim2sim.description import Camera, Physics, RobotModel


@dataclass(frozen=True)
class LinkStates:
    """The links of all copies, in the world frame.

    Attributes:
        pos: Origins, m, `(num_envs, num_links, 3)`.
        quat: Orientations, (w, x, y, z), `(num_envs, num_links, 4)`.
        lin_vel: Velocities of the origins, m/s, `(num_envs, num_links, 3)`.
        ang_vel: Angular velocities, rad/s, `(num_envs, num_links, 3)`.
    """

    pos: np.ndarray
    quat: np.ndarray
    lin_vel: np.ndarray
    ang_vel: np.ndarray


class Engine(ABC):
    """`num_envs` copies of a robot that never touch each other. All arrays are float64 and fresh.

    Args:
        robot: What to simulate.
        physics: How.
        num_envs: Number of copies.
        camera: Where pictures are taken from.

    Attributes:
        name: Name of the simulator.
        joint_limits: rad or m, `(num_joints, 2)`; infinite where there is none.
    """

    name: ClassVar[str]
    joint_limits: np.ndarray

    def __init__(self, robot: RobotModel, physics: Physics, num_envs: int, camera: Camera) -> None:
        self.robot, self.physics, self.num_envs, self.camera = robot, physics, num_envs, camera

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the simulator."""

    @property
    @abstractmethod
    def qpos(self) -> np.ndarray:
        """Positions `(num_envs, nq)`: of a free base (x, y, z, w, x, y, z), then of `robot.joint_names`."""

    @property
    @abstractmethod
    def qvel(self) -> np.ndarray:
        """Velocities `(num_envs, nv)`: of a free base (world linear, body angular), then of `robot.joint_names`."""

    @abstractmethod
    def write_state(self, qpos: np.ndarray, qvel: np.ndarray, mask: np.ndarray) -> None:
        """Bring the copies in `mask`, bool `(num_envs,)`, to this state, with no contact remembered."""

    @abstractmethod
    def step(self, targets: np.ndarray, after_tick: Callable[[], None] | None = None) -> None:
        """Advance one control step.

        Args:
            targets: What each joint is asked for, in the unit of its drive, `(num_envs, num_joints)`.
            after_tick: Called after each tick, when it is asked for contact forces.
        """

    @abstractmethod
    def links(self) -> LinkStates:
        """Return the state of `robot.link_names`."""

    @abstractmethod
    def contact_forces(self) -> np.ndarray:
        """Return the net contact force on each link in the last tick, world frame, N, `(num_envs, num_links, 3)`."""

    @abstractmethod
    def broken(self) -> np.ndarray:
        """Return which copies are not finite any more, bool `(num_envs,)`; `write_state` mends them."""

    @abstractmethod
    def render(self, index: int) -> np.ndarray:
        """Return a picture of one copy, uint8 `(height, width, 3)`."""

    def close(self) -> None:
        """Free what the simulator holds."""
