"""Reward terms about feet: `(num_envs,)` each.

`contacts` names a `ContactSensorCfg` and `heights` a `GroundDistanceCfg` of the same links. Where a `command` is given,
terms count only while it asks to move by more than `threshold` (`genelab.mdp.velocity_rewards.active`). Formulas follow
mjlab's velocity task, with heights relative to the ground instead of the world's origin.
"""

from __future__ import annotations

from genelab.managers.term import ManagerTerm
from genelab.managers.term_env import TermEnv
from genelab.mdp.velocity_rewards import active
from genelab.utils.lazy import torch


def feet_air_time(
    env: TermEnv,
    contacts: str,
    command: str,
    shortest: float = 0.05,
    longest: float = 0.5,
    threshold: float = 0.5,
    axes: tuple[int, ...] = (0, 1, 2),
) -> torch.Tensor:
    """Number of feet that have been in the air for more than `shortest` and less than `longest`, s."""
    time = env.scene.sensor(contacts).air_time
    flying = ((time > shortest) & (time < longest)).sum(dim=1)
    return flying * active(env, command, threshold, axes)


def feet_clearance(env: TermEnv, heights: str, command: str, target: float, threshold: float = 0.05) -> torch.Tensor:
    """Σ |h − target| · ‖v_xy‖ over the feet: moving feet are at the target height, m, above the ground."""
    feet = env.scene.sensor(heights)
    cost = (feet.heights - target).abs() * feet.velocities[..., :2].norm(dim=-1)
    return cost.sum(dim=1) * active(env, command, threshold)


def feet_slip(env: TermEnv, contacts: str, heights: str, command: str, threshold: float = 0.05) -> torch.Tensor:
    """Σ ‖v_xy‖² over the feet that touch the ground, m²/s²."""
    speed = env.scene.sensor(heights).velocities[..., :2].square().sum(dim=-1)
    slipping = (speed * env.scene.sensor(contacts).in_contact).sum(dim=1)
    return slipping * active(env, command, threshold)


def soft_landing(env: TermEnv, contacts: str, command: str, threshold: float = 0.05) -> torch.Tensor:
    """Σ ‖F‖ over the feet that touch down in this step, N."""
    sensor = env.scene.sensor(contacts)
    force = sensor.force.norm(dim=-1) * sensor.first_contact
    return force.sum(dim=1) * active(env, command, threshold)


def self_collision(env: TermEnv, sensor: str) -> torch.Tensor:
    """Number of readings in the history of a `SelfContactSensorCfg` that are above its threshold."""
    return env.scene.sensor(sensor).count.float()


def undesired_contacts(env: TermEnv, contacts: str) -> torch.Tensor:
    """One while any of the sensor's links touches something, else zero: not their number."""
    return env.scene.sensor(contacts).in_contact.any(dim=1).float()


def angular_momentum_l2(env: TermEnv, sensor: str) -> torch.Tensor:
    """‖L‖² about the centre of mass, (kg m²/s)²."""
    return env.scene.sensor(sensor).value.square().sum(dim=1)


class FeetSwingHeight(ManagerTerm):
    """Σ clamp(peak/target − 1, −1, 3)² over the feet that touch down: how far off the highest point of a swing was."""

    remembers = ("_peak",)

    def __init__(
        self, env: TermEnv, *, contacts: str, heights: str, command: str, target: float, threshold: float = 0.05
    ) -> None:
        self._contacts, self._feet = env.scene.sensor(contacts), env.scene.sensor(heights)
        self._command, self._target, self._threshold = command, target, threshold
        self._peak = torch.zeros_like(self._feet.heights)

    def __call__(self, env: TermEnv) -> torch.Tensor:
        landing = self._contacts.first_contact
        standing = self._contacts.in_contact & ~landing
        self._peak = torch.where(standing, 0.0, self._peak.maximum(self._feet.heights))
        error = (self._peak / self._target - 1.0).clamp(-1.0, 3.0).square() * landing
        return error.sum(dim=1) * active(env, self._command, self._threshold)

    def reset(self, mask: torch.Tensor) -> None:
        self._peak = self._peak.masked_fill(mask[:, None], 0.0)
