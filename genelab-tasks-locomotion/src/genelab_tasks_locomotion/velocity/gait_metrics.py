"""What following a velocity command costs: falls, energy, slipping feet."""

from __future__ import annotations

import math

from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.envs.vec_env import StepView, VecEnv
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.velocity.env import FEET_CONTACT, FEET_HEIGHT
from genelab_tasks_locomotion.velocity.tracking_metrics import VelocityRatio

FELL = "fell"
"""Name of the termination."""


class Fell(EvalMetric):
    """Whether the episode ended by a fall, 1 or 0."""

    def start(self, env: VecEnv) -> None:
        made = env.unwrapped
        if not isinstance(made, ManagerBasedRlEnv) or FELL not in made.termination_manager.active_terms:
            raise NotApplicable(f"the environment has no termination {FELL!r}")
        self._terminations = made.termination_manager
        self._fell = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)

    def update(self, step: StepView) -> None:
        self._fell = self._terminations.by_name()[FELL]

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        return self._fell[env_ids].double()


class MechanicalPower(VelocityRatio):
    """Mean over the episode of Σ_j |τ_j q̇_j|, W.

    Motors pay for braking what they pay for driving: nothing is recovered. Torques and speeds are those at the ends of
    control steps. Energy is this times the episode's length; as a sum it would be least for a robot that falls at once.
    """

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        power = (self.robot.applied_effort * self.robot.joint_vel).abs().sum(dim=1)
        return power, torch.ones_like(power)


class CostOfTransport(VelocityRatio):
    """E / (m g d): mechanical energy, as in `MechanicalPower`, for moving the weight a distance d along the command.

    V. A. Tucker, The energetic cost of moving about, American Scientist 63 (1975). Only steps whose command asks to go
    somewhere count, and ways off the commanded direction do not count as distance. No value for less than `least`, m:
    a robot that stands still has no finite cost.
    """

    least = 1.0

    def start(self, env: VecEnv) -> None:
        super().start(env)
        self._properties = self.env.scene.properties[self.robot_name]

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        along, speed = self.along_command()
        power = (self.robot.applied_effort * self.robot.joint_vel).abs().sum(dim=1)
        weight = self._properties.mass.sum(dim=1) * math.hypot(*self.env.scene.gravity)
        dt = self.env.step_dt
        return dt * (power / weight).masked_fill(speed == 0.0, 0.0), dt * along


class FootSlip(VelocityRatio):
    """Mean horizontal speed of the feet that touch the ground, m/s, at the ground: v + ω × (0, 0, −h).

    v is the velocity of a foot's middle, h its height and ω its link's angular velocity. So the same formula serves
    soles, balls and wheels: a wheel slips where it is dragged, not where it rolls.
    """

    def start(self, env: VecEnv) -> None:
        super().start(env)
        missing = {FEET_CONTACT, FEET_HEIGHT} - set(self.env.cfg.scene.sensors)
        if missing:
            raise NotApplicable(f"the environment has no sensor {', '.join(sorted(missing))}")
        self._feet, self._contacts = (self.env.scene.sensor(name) for name in (FEET_HEIGHT, FEET_CONTACT))

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        feet, touching = self._feet, self._contacts.in_contact
        spin = self.robot.link_ang_vel[:, feet.links]
        slip_x = feet.velocities[..., 0] - feet.heights * spin[..., 1]
        slip_y = feet.velocities[..., 1] + feet.heights * spin[..., 0]
        speed = torch.hypot(slip_x, slip_y)
        return (speed * touching).sum(dim=1), touching.sum(dim=1).to(speed.dtype)
