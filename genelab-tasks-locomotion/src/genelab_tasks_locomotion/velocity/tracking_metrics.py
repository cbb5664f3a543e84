"""How well a velocity command is followed: means over an evaluation episode.

c is the command (vx, vy, wz), v the base's velocity (forward, left, turning) in its own frame, as in the rewards.
"""

from __future__ import annotations

from abc import abstractmethod

from genelab.entities.articulation import Articulation
from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.envs.vec_env import StepView, VecEnv
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.velocity.env import COMMAND

LEAST_SPEED = 0.1
"""m/s or rad/s; below it a share of the commanded speed is noise divided by nearly nothing."""


class VelocityRatio(EvalMetric):
    """Ratio of two sums over the episode, in an environment with a velocity command.

    Attributes:
        least: Where the second sum is not above this, there is no value.
    """

    least = 0.0

    def start(self, env: VecEnv) -> None:
        made = env.unwrapped
        term = made.command_manager.terms.get(COMMAND) if isinstance(made, ManagerBasedRlEnv) else None
        if term is None or not isinstance(term.cfg, VelocityCommandCfg):
            raise NotApplicable(f"the environment has no velocity command {COMMAND!r}")
        robot = made.scene[term.cfg.entity]
        if not isinstance(robot, Articulation):
            raise NotApplicable(f"{term.cfg.entity!r} has no joints")
        self.env, self.robot, self.robot_name = made, robot, term.cfg.entity
        self._sums = torch.zeros(2, env.num_envs, dtype=torch.float64, device=env.device)

    @abstractmethod
    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what this control step adds to both sums, `(num_envs,)` each."""

    def update(self, step: StepView) -> None:
        self._sums += torch.stack(self.parts())

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        upper, lower = self._sums[:, env_ids]
        self._sums[:, env_ids] = 0.0
        return torch.where(lower > self.least, upper / lower, torch.nan)

    @property
    def command(self) -> torch.Tensor:
        """c, m/s and rad/s, `(num_envs, 3)`."""
        return self.env.command_manager.get(COMMAND)

    @property
    def velocity(self) -> torch.Tensor:
        """v, m/s and rad/s, `(num_envs, 3)`."""
        return torch.cat((self.robot.base_lin_vel[:, :2], self.robot.base_ang_vel[:, 2:]), dim=1)

    def along_command(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return v_xy · c_xy / ‖c_xy‖ and ‖c_xy‖, m/s, both zero while ‖c_xy‖ is below `LEAST_SPEED`."""
        wanted = self.command[:, :2]
        speed = wanted.norm(dim=1)
        along = (self.velocity[:, :2] * wanted).sum(dim=1) / speed.clamp(min=LEAST_SPEED)
        resting = speed < LEAST_SPEED
        return along.masked_fill(resting, 0.0), speed.masked_fill(resting, 0.0)


class _AxisError(VelocityRatio):
    axis: int

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        error = (self.command - self.velocity)[:, self.axis].abs()
        return error, torch.ones_like(error)


class ForwardError(_AxisError):
    """Mean |c_x − v_x|, m/s."""

    axis = 0


class SidewardError(_AxisError):
    """Mean |c_y − v_y|, m/s."""

    axis = 1


class TurningError(_AxisError):
    """Mean |c_z − ω_z|, rad/s."""

    axis = 2


class CommandedSpeedShare(VelocityRatio):
    """Σ v_xy · ĉ_xy / Σ ‖c_xy‖: 1 is the commanded speed, 0 standing or going elsewhere, below 0 going back.

    Only steps that ask for `LEAST_SPEED` count; an episode without has no value.
    """

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.along_command()


class CommandedTurnShare(VelocityRatio):
    """Σ ω_z · sign(c_z) / Σ |c_z|, likewise."""

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        wanted = self.command[:, 2]
        resting = wanted.abs() < LEAST_SPEED
        along = self.velocity[:, 2] * wanted.sign()
        return along.masked_fill(resting, 0.0), wanted.abs().masked_fill(resting, 0.0)
