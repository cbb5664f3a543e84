"""A sensor, and the observation that reads it: how far the cart has gone since the reset."""

from __future__ import annotations

from genelab.config import SensorCfg
from genelab.config.base import configclass
from genelab.sensors.sensor import Sensor
from genelab.utils.lazy import torch


@configclass
class OdometerCfg(SensorCfg):
    def build(self, scene):
        return Odometer(self, scene)


class Odometer(Sensor[OdometerCfg]):
    def __init__(self, cfg, scene):
        super().__init__(cfg, scene)
        self.distance = torch.zeros(self.num_envs, device=self.device)

    def update(self, dt):
        self.distance = self.distance + self.robot.joint_vel[:, 0].abs() * dt

    def reset(self, mask):
        self.distance = self.distance.masked_fill(mask, 0.0)

    def state_dict(self):
        return {"distance": self.distance}

    def load_state_dict(self, state):
        self.distance = state["distance"].clone()


def odometer(env):
    return env.scene.sensors["odometer"].distance
