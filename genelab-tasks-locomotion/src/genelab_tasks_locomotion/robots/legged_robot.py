"""What a task needs to know of a robot beyond its physics: where its feet are, and what mirrors what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from genelab.config import ArticulationCfg
from genelab.config.base import Vector3
from genelab_tasks_locomotion.robots.mirror import Mirror


@dataclass(frozen=True)
class LeggedRobot:
    """A robot of this pack.

    Attributes:
        name: Short name, also of its MJCF file.
        articulation: Returns a new articulation config: model, default pose, actuators. With `dc_motor=True` the torque
            of its position servos falls with speed.
        base: Link whose frame is the body frame of commands and rewards.
        imu: Place of the inertial measurement unit in the base's frame, m.
        feet: Links that carry the feet, and where in each link's frame the foot is, m: the middle of its ball, sole or
            wheel.
        foot_height: Height of that point over the ground it stands on, m.
        mirror: Left and right.
    """

    name: str
    articulation: Callable[..., ArticulationCfg]
    base: str
    imu: Vector3
    feet: dict[str, Vector3]
    foot_height: float
    mirror: Mirror
