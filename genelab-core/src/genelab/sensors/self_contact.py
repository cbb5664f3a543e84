"""Contacts of a robot with itself."""

from __future__ import annotations

from typing import Any

from genelab.config.base import NonNegative, PositiveInt, configclass
from genelab.config.sensor import SensorCfg
from genelab.sensors.sensor import Sensor
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch


@configclass
class SelfContactSensorCfg(SensorCfg):
    """The strongest contact force between two links of the robot.

    Needs `simulation.solver.self_collision`. Reading single contacts costs about 2 % of the physics on a CPU.

    Attributes:
        threshold: A force counts above this, N.
        history: Number of the last readings to keep: ticks with `every_tick`, else control steps.
    """

    threshold: NonNegative = 10.0
    history: PositiveInt = 1

    def build(self, scene: Any) -> SelfContactSensor:
        return SelfContactSensor(self, scene)


class SelfContactSensor(Sensor[SelfContactSensorCfg]):
    """Runtime of `SelfContactSensorCfg`.

    Attributes:
        magnitudes: Strongest force in the last readings, newest first, N, `(num_envs, history)`.
    """

    remembers = ("magnitudes",)

    def __init__(self, cfg: SelfContactSensorCfg, scene: Any) -> None:
        super().__init__(cfg, scene)
        if not scene.solver_cfg.self_collision:
            raise UsageError(
                "a self-contact sensor in a scene without self-collision",
                where="scene.sensors",
                fix="set simulation.solver.self_collision",
            )
        self.magnitudes = torch.zeros(self.num_envs, cfg.history, device=self.device)

    @property
    def count(self) -> torch.Tensor:
        """Number of readings in the history with a force above the threshold, `(num_envs,)`."""
        return (self.magnitudes > self.cfg.threshold).sum(dim=1)

    def tick(self) -> None:
        body = self.robot.body
        contacts = body.get_contacts(with_entity=body, is_padded=True)
        forces = contacts["force_a"].contiguous().norm(dim=-1).masked_fill(~contacts["valid_mask"], 0.0)
        strongest = forces.amax(dim=1)[: self.num_envs]
        self.magnitudes = torch.cat((strongest[:, None], self.magnitudes[:, :-1]), dim=1)

    def update(self, dt: float) -> None:
        if not self.cfg.every_tick:
            self.tick()

    def reset(self, mask: torch.Tensor) -> None:
        self.magnitudes = self.magnitudes.masked_fill(mask[:, None], 0.0)
