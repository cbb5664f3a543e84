"""Reward terms about how joints and actions move: `(num_envs,)` each."""

from __future__ import annotations

from typing import Any

from genelab.managers.term import ROBOT, ManagerTerm, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.velocity_rewards import active
from genelab.utils.joint_tables import per_joint
from genelab.utils.lazy import torch

Table = dict[str, float]


def action_acc_l2(env: TermEnv) -> torch.Tensor:
    """Σ (aₜ − 2 aₜ₋₁ + aₜ₋₂)²."""
    manager = env.action_manager
    return (manager.action - 2.0 * manager.previous_action + manager.earlier_action).square().sum(dim=1)


def joint_power(env: TermEnv, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ |τ q̇| of the chosen joints, W."""
    robot = asset.robot
    return (robot.applied_effort * robot.joint_vel)[:, asset.joints].abs().sum(dim=1)


def stand_still_l1(env: TermEnv, command: str, threshold: float = 0.1, asset: SceneEntity = ROBOT) -> torch.Tensor:
    """Σ |q − default| of the chosen joints while the command asks to stand, rad."""
    robot = asset.robot
    offset = (robot.joint_pos - robot.default_joint_pos)[:, asset.joints]
    return offset.abs().sum(dim=1) * (1.0 - active(env, command, threshold))


class JointAccL2(ManagerTerm):
    """Σ (Δq̇/Δt)² of the chosen joints over the control step, rad²/s⁴; 0 in the first step of an episode.

    Definitions per physics tick give much larger numbers: weights of about −1e-5 here are −2.5e-7 there.
    """

    remembers = ("_before", "_fresh")

    def __init__(self, env: TermEnv, *, asset: SceneEntity = ROBOT) -> None:
        self._robot, self._joints = asset.robot, asset.joints
        self._before = torch.zeros_like(self._robot.default_joint_pos[:, self._joints])
        self._fresh = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)

    def __call__(self, env: TermEnv) -> torch.Tensor:
        velocity = self._robot.joint_vel[:, self._joints]
        cost = ((velocity - self._before) / env.step_dt).square().sum(dim=1).masked_fill(self._fresh, 0.0)
        self._before, self._fresh = velocity, torch.zeros_like(self._fresh)
        return cost

    def reset(self, mask: torch.Tensor) -> None:
        self._fresh = self._fresh | mask

    def load_state_dict(self, state: dict[str, Any]) -> None:
        before = self._before if state["before"] is None else state["before"]  # older versions: no step yet
        super().load_state_dict({**state, "before": before})


class VariablePosture(ManagerTerm):
    """exp(−mean_j (q − default)²/std_j²), with a tighter std the slower the command.

    `standing`, `walking` and `running` are tables from joint name patterns to std, rad; the last match wins, and
    `default_std` holds where none matches. The speed ‖c_xy‖ + |c_z| decides: below `walk_threshold` standing, below
    `run_threshold` walking, else running. (mjlab's variable posture.)
    """

    def __init__(
        self,
        env: TermEnv,
        *,
        command: str,
        standing: Table,
        walking: Table,
        running: Table,
        walk_threshold: float = 0.05,
        run_threshold: float = 1.5,
        default_std: float = 0.3,
        asset: SceneEntity = ROBOT,
    ) -> None:
        self._command, self._thresholds = command, (walk_threshold, run_threshold)
        self._robot, self._joints = asset.robot, asset.joints
        tables, names = (standing, walking, running), self._robot.joint_names
        stds = [per_joint(table, names, default_std, "rewards.std") for table in tables]
        self._std = torch.tensor(stds, device=env.device)

    def __call__(self, env: TermEnv) -> torch.Tensor:
        asked, (walk, run) = env.command_manager.get(self._command), self._thresholds
        speed = asked[:, :2].norm(dim=1) + asked[:, 2].abs()
        gait = (speed >= walk).long() + (speed >= run).long()
        error = (self._robot.joint_pos - self._robot.default_joint_pos) / self._std[gait]
        return torch.exp(-error.square()[:, self._joints].mean(dim=1))
