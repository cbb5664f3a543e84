"""An inertial measurement unit."""

from __future__ import annotations

from typing import Any

from genelab.config.base import Vector3, configclass
from genelab.config.sensor import SensorCfg
from genelab.sensors.sensor import Sensor
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate, rotate_inverse


@configclass
class ImuCfg(SensorCfg):
    """Velocities, gravity and acceleration at a point that is fixed to a link.

    Attributes:
        link: Name of the link; `None` for the base.
        offset: Position of the sensor in the link's frame, m. Its axes are the link's.
    """

    link: str | None = None
    offset: Vector3 = (0.0, 0.0, 0.0)

    def build(self, scene: Any) -> Imu:
        return Imu(self, scene)


class Imu(Sensor[ImuCfg]):
    """Runtime of `ImuCfg`. All readings are in the sensor's frame, `(num_envs, 3)`."""

    remembers = ("_velocity", "_acceleration", "_unknown")

    def __init__(self, cfg: ImuCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        self._link = self._find_link(cfg.link)
        self._offset = torch.tensor(cfg.offset, device=self.device).expand(self.num_envs, 3)
        self._gravity = torch.tensor(scene.gravity, device=self.device).expand(self.num_envs, 3)
        self._velocity = torch.zeros(self.num_envs, 3, device=self.device)
        self._acceleration = torch.zeros(self.num_envs, 3, device=self.device)
        self._unknown = torch.ones(self.num_envs, 1, dtype=torch.bool, device=self.device)

    @property
    def _quat(self) -> torch.Tensor:
        return self.robot.root_quat if self._link == 0 else self.robot.link_quat[:, self._link]

    @property
    def _world_ang_vel(self) -> torch.Tensor:
        return self.robot.root_ang_vel if self._link == 0 else self.robot.link_ang_vel[:, self._link]

    def _world_lin_vel(self) -> torch.Tensor:
        at_origin = self.robot.root_lin_vel if self._link == 0 else self.robot.link_lin_vel[:, self._link]
        arm = rotate(self._quat, self._offset)
        return at_origin + torch.linalg.cross(self._world_ang_vel, arm, dim=-1)

    @property
    def angular_velocity(self) -> torch.Tensor:
        """rad/s."""
        return self._cached("angular_velocity", lambda: rotate_inverse(self._quat, self._world_ang_vel))

    @property
    def linear_velocity(self) -> torch.Tensor:
        """m/s. A real unit does not measure it: for critics, or as an estimator's output."""
        return self._cached("linear_velocity", lambda: rotate_inverse(self._quat, self._world_lin_vel()))

    @property
    def projected_gravity(self) -> torch.Tensor:
        """Direction of gravity, of unit length; (0, 0, −1) when upright."""
        direction = self._gravity / self._gravity.norm(dim=-1, keepdim=True)
        return self._cached("projected_gravity", lambda: rotate_inverse(self._quat, direction))

    @property
    def linear_acceleration(self) -> torch.Tensor:
        """Proper acceleration, m/s²: (0, 0, 9.81) at rest, zero in free fall.

        From the change of velocity over the control step; in the first step of an episode at rest's value.
        """
        return rotate_inverse(self._quat, self._acceleration - self._gravity)

    def update(self, dt: float) -> None:
        velocity = self._world_lin_vel()
        self._acceleration = ((velocity - self._velocity) / dt).masked_fill(self._unknown, 0.0)
        self._velocity = velocity
        self._unknown = torch.zeros_like(self._unknown)

    def reset(self, mask: torch.Tensor) -> None:
        self._acceleration = self._acceleration.masked_fill(mask[:, None], 0.0)
        self._unknown = self._unknown | mask[:, None]
