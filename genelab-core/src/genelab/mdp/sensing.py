"""Observation terms that read sensors: `(num_envs, dim)` each. `sensor` is a key of `SceneCfg.sensors`."""

from __future__ import annotations

from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch


def imu_ang_vel(env: TermEnv, sensor: str) -> torch.Tensor:
    """Angular velocity in the sensor's frame, rad/s."""
    return env.scene.sensor(sensor).angular_velocity


def imu_lin_vel(env: TermEnv, sensor: str) -> torch.Tensor:
    """Linear velocity in the sensor's frame, m/s, which no real unit measures."""
    return env.scene.sensor(sensor).linear_velocity


def imu_projected_gravity(env: TermEnv, sensor: str) -> torch.Tensor:
    """Direction of gravity in the sensor's frame."""
    return env.scene.sensor(sensor).projected_gravity


def imu_lin_acc(env: TermEnv, sensor: str) -> torch.Tensor:
    """Proper acceleration in the sensor's frame, m/s²; (0, 0, 9.81) at rest."""
    return env.scene.sensor(sensor).linear_acceleration


def height_scan(env: TermEnv, sensor: str, offset: float = 0.0) -> torch.Tensor:
    """Height of the scanning link above the ground, point by point, minus `offset`, m."""
    return env.scene.sensor(sensor).heights - offset


def ground_distance(env: TermEnv, sensor: str) -> torch.Tensor:
    """Height of each point of a `GroundDistanceCfg` above the ground, m."""
    return env.scene.sensor(sensor).heights


def air_time(env: TermEnv, sensor: str) -> torch.Tensor:
    """Time since each link left the ground, s; 0 on the ground."""
    return env.scene.sensor(sensor).air_time


def in_contact(env: TermEnv, sensor: str) -> torch.Tensor:
    """One for each link that touches something, else zero."""
    return env.scene.sensor(sensor).in_contact.float()


def contact_forces_log(env: TermEnv, sensor: str) -> torch.Tensor:
    """sign(F) · ln(1 + |F|) of the net forces in the world frame, N, component by component, link after link."""
    forces = env.scene.sensor(sensor).force.flatten(1)
    return forces.sign() * forces.abs().log1p()


def angular_momentum(env: TermEnv, sensor: str) -> torch.Tensor:
    """Angular momentum about the centre of mass in the world frame, kg m²/s."""
    return env.scene.sensor(sensor).value
