"""Angular momentum of a robot about its own centre of mass."""

from __future__ import annotations

from typing import Any

from genelab.config.base import configclass
from genelab.config.sensor import SensorCfg
from genelab.sensors.sensor import Sensor
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate, rotate_inverse


@configclass
class AngularMomentumCfg(SensorCfg):
    """Σ over links of m (r − R) × (v − V) + I ω, with the links' own centres of mass, masses and inertias."""

    def build(self, scene: Any) -> AngularMomentum:
        return AngularMomentum(self, scene)


class AngularMomentum(Sensor[AngularMomentumCfg]):
    """Runtime of `AngularMomentumCfg`."""

    def __init__(self, cfg: AngularMomentumCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        self._properties = scene.properties[cfg.entity]

    @property
    def value(self) -> torch.Tensor:
        """In the world frame, kg m²/s, `(num_envs, 3)`."""
        return self._cached("value", self._compute)

    def _compute(self) -> torch.Tensor:
        robot, properties = self.robot, self._properties
        quat, spin = robot.link_quat, robot.link_ang_vel
        mass = properties.mass[..., None]
        arm = rotate(quat, properties.com)
        pos = robot.link_pos + arm
        vel = robot.link_lin_vel + torch.linalg.cross(spin, arm, dim=-1)
        total = mass.sum(dim=1, keepdim=True)
        pos = pos - (mass * pos).sum(dim=1, keepdim=True) / total
        vel = vel - (mass * vel).sum(dim=1, keepdim=True) / total
        orbital = torch.linalg.cross(pos, mass * vel, dim=-1)
        own = (properties.inertia @ rotate_inverse(quat, spin)[..., None])[..., 0]
        return (orbital + rotate(quat, own)).sum(dim=1)
