"""Heights over the ground, exact on the terrain's own height field."""

from __future__ import annotations

from typing import Any

from genelab.config.base import Positive, Vector3, configclass
from genelab.config.sensor import SensorCfg
from genelab.sensors.sensor import Sensor
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate, yaw_of


@configclass
class HeightScanCfg(SensorCfg):
    """A grid of points around a link that turns with its heading but not with its tilt.

    Attributes:
        link: Name of the link; `None` for the base.
        size: Extent along x and y, m.
        resolution: Distance of the points, m.
        offset: Centre of the grid, relative to the link along its heading, m.
        max_distance: Readings are at most this, m.
    """

    link: str | None = None
    size: tuple[float, float] = (1.6, 1.0)
    resolution: Positive = 0.1
    offset: tuple[float, float] = (0.0, 0.0)
    max_distance: Positive = 10.0

    def build(self, scene: Any) -> HeightScan:
        return HeightScan(self, scene)


class HeightScan(Sensor[HeightScanCfg]):
    """Runtime of `HeightScanCfg`. Points are ordered along y within x, both rising."""

    def __init__(self, cfg: HeightScanCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        self._link = self._find_link(cfg.link)
        axes = [
            torch.arange(round(extent / cfg.resolution) + 1, device=self.device) * cfg.resolution - extent / 2.0 + shift
            for extent, shift in zip(cfg.size, cfg.offset, strict=True)
        ]
        self._x, self._y = torch.cartesian_prod(*axes).unbind(1)

    @property
    def points(self) -> torch.Tensor:
        """World positions of the points, m, `(num_envs, num_points, 2)`."""
        return torch.stack(self._find_points(), dim=-1)

    @property
    def heights(self) -> torch.Tensor:
        """Height of the link's origin above the ground at each point, m, `(num_envs, num_points)`."""
        return self._cached("heights", self._measure)

    def _pose(self) -> tuple[torch.Tensor, torch.Tensor]:
        robot = self.robot
        if self._link == 0:
            return robot.root_pos, robot.root_quat
        return robot.link_pos[:, self._link], robot.link_quat[:, self._link]

    def _find_points(self) -> tuple[torch.Tensor, torch.Tensor]:
        pos, quat = self._pose()
        yaw = yaw_of(quat)[:, None]
        sine, cosine = yaw.sin(), yaw.cos()
        x = pos[:, 0, None] + cosine * self._x - sine * self._y
        y = pos[:, 1, None] + sine * self._x + cosine * self._y
        return x, y

    def _measure(self) -> torch.Tensor:
        above = self._pose()[0][:, 2, None] - self.scene.ground.height(*self._find_points())
        return above.clamp(max=self.cfg.max_distance)


@configclass
class GroundDistanceCfg(SensorCfg):
    """Height above the ground of one point on each chosen link, such as the soles of the feet.

    Attributes:
        links: Name patterns of the links.
        offset: The point in the links' frames, m.
    """

    links: tuple[str, ...]
    offset: Vector3 = (0.0, 0.0, 0.0)

    def build(self, scene: Any) -> GroundDistance:
        return GroundDistance(self, scene)


class GroundDistance(Sensor[GroundDistanceCfg]):
    """Runtime of `GroundDistanceCfg`.

    Attributes:
        links: Indices of the links.
    """

    def __init__(self, cfg: GroundDistanceCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        self.links = self.robot.find_links(cfg.links)
        self._offset = torch.tensor(cfg.offset, device=self.device).expand(self.num_envs, len(self.links), 3)

    @property
    def positions(self) -> torch.Tensor:
        """Where the points are in the world, m, `(num_envs, num_links, 3)`."""
        return self._cached("positions", lambda: self.robot.link_pos[:, self.links] + self._arms())

    @property
    def velocities(self) -> torch.Tensor:
        """How they move in the world, m/s, `(num_envs, num_links, 3)`."""
        return self._cached("velocities", self._find_velocities)

    @property
    def heights(self) -> torch.Tensor:
        """Height above the ground below, m, `(num_envs, num_links)`."""
        return self._cached("heights", lambda: self.positions[..., 2] - self.scene.ground.height_at(self.positions))

    def _arms(self) -> torch.Tensor:
        return rotate(self.robot.link_quat[:, self.links], self._offset)

    def _find_velocities(self) -> torch.Tensor:
        spin = torch.linalg.cross(self.robot.link_ang_vel[:, self.links], self._arms(), dim=-1)
        return self.robot.link_lin_vel[:, self.links] + spin
