"""Contact forces on links, and how long each link has been in the air or on the ground."""

from __future__ import annotations

from typing import Any

from genelab.config.base import NonNegative, PositiveInt, configclass
from genelab.config.sensor import SensorCfg
from genelab.sensors.sensor import Sensor
from genelab.utils.lazy import torch


@configclass
class ContactSensorCfg(SensorCfg):
    """Net contact force on each chosen link, contacts with the ground and anything else together.

    Attributes:
        links: Name patterns of the links.
        threshold: A link is in contact while the net force on it is above this, N.
        history: Number of the last readings to keep: ticks with `every_tick`, else control steps.
    """

    links: tuple[str, ...]
    threshold: NonNegative = 1.0
    history: PositiveInt = 1

    def build(self, scene: Any) -> ContactSensor:
        return ContactSensor(self, scene)


class ContactSensor(Sensor[ContactSensorCfg]):
    """Runtime of `ContactSensorCfg`. After a reset an env has no contact, until physics has run.

    Attributes:
        links: Indices of the links.
        force: Net forces in the world frame at the end of the control step, N, `(num_envs, num_links, 3)`.
        magnitudes: Their lengths in the last readings, newest first, N, `(num_envs, history, num_links)`.
        in_contact: Whether a link touched something in the control step (with `every_tick`: in any of its ticks),
            bool `(num_envs, num_links)`.
        first_contact: Whether it touched down in this control step, after having been in the air, likewise.
        air_time: Time since it left the ground, s, 0 on the ground, `(num_envs, num_links)`.
        contact_time: Time since it touched down, s, 0 in the air.
        last_air_time: Length of its last completed flight, s.
    """

    remembers = ("force", "magnitudes", "in_contact", "first_contact", "air_time", "contact_time", "last_air_time")

    def __init__(self, cfg: ContactSensorCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        self.links = self.robot.find_links(cfg.links)
        self.link_names = tuple(self.robot.link_names[i] for i in self.links)
        shape = (self.num_envs, len(self.links))
        self.force = torch.zeros(*shape, 3, device=self.device)
        self.magnitudes = torch.zeros(self.num_envs, cfg.history, len(self.links), device=self.device)
        self.in_contact = torch.zeros(*shape, dtype=torch.bool, device=self.device)
        self._touched = self.in_contact
        self.first_contact = self.in_contact
        self.air_time, self.contact_time, self.last_air_time = torch.zeros(3, *shape, device=self.device)

    def tick(self) -> None:
        self._read()

    def _read(self) -> None:
        # Straight from the simulator: within a control step the entity's cached state is that of the step before.
        forces = self.robot.body.get_links_net_contact_force()
        self.force = forces[: self.num_envs, self.links].contiguous()
        now = self.force.norm(dim=-1)
        self.magnitudes = torch.cat((now[:, None], self.magnitudes[:, :-1]), dim=1)
        self._touched = self._touched | (now > self.cfg.threshold)

    def update(self, dt: float) -> None:
        if not self.cfg.every_tick:
            self._read()
        touched, self._touched = self._touched, torch.zeros_like(self._touched)
        self.in_contact = touched
        self.first_contact = touched & (self.air_time > 0.0)
        self.last_air_time = torch.where(self.first_contact, self.air_time, self.last_air_time)
        self.air_time = torch.where(touched, 0.0, self.air_time + dt)
        self.contact_time = torch.where(touched, self.contact_time + dt, 0.0)

    def reset(self, mask: torch.Tensor) -> None:
        row = mask[:, None]
        self.force = self.force.masked_fill(row[..., None], 0.0)
        self.magnitudes = self.magnitudes.masked_fill(row[..., None], 0.0)
        self.in_contact, self.first_contact = self.in_contact & ~row, self.first_contact & ~row
        self._touched = self._touched & ~row
        self.air_time = self.air_time.masked_fill(row, 0.0)
        self.contact_time = self.contact_time.masked_fill(row, 0.0)
        self.last_air_time = self.last_air_time.masked_fill(row, 0.0)
