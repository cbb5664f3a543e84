"""Actions that drive joints: target positions, velocities or efforts."""

from __future__ import annotations

from typing import Any

from genelab.config.base import PerJoint, configclass
from genelab.config.terms import ActionTermCfg, SceneEntityCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term import resolve_entity
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.joint_tables import per_joint
from genelab.utils.lazy import torch


@configclass
class JointActionCfg(ActionTermCfg):
    """One action element per chosen joint.

    Attributes:
        joints: Name patterns of the joints; `None` for all.
        scale: What one unit of action means, in the unit of the target; `None` for the actuators' `action_scale`.
    """

    joints: tuple[str, ...] | None = None
    scale: PerJoint | None = None

    def build(self, env: TermEnv) -> JointAction:
        return JointAction(self, env)


@configclass
class JointPositionActionCfg(JointActionCfg):
    """Target position = default position + scale · action (or scale · action without `use_default_offset`).

    Attributes:
        use_default_offset: Count from the default positions.
        around: Name of a command whose first elements are positions of all joints of the entity, in its order: the
            action counts from those instead.
    """

    use_default_offset: bool = True
    around: str | None = None

    def build(self, env: TermEnv) -> JointAction:
        return JointAction(self, env, use_default_offset=self.use_default_offset, positions=True, around=self.around)


@configclass
class JointVelocityActionCfg(JointActionCfg):
    """Target velocity = scale · action, rad/s or m/s, for joints behind velocity actuators."""


@configclass
class JointEffortActionCfg(JointActionCfg):
    """Torque or force = scale · action, N m or N, for joints behind effort actuators."""


class JointAction(ActionTerm):
    """Runtime of the joint actions: writes target = offset + scale · action to the chosen joints.

    Args:
        cfg: The term's config.
        env: The environment.
        use_default_offset: Count from the default joint positions.
        positions: Whether the targets are positions, which an encoder's bias shifts.
        around: Name of a command that gives the offset, one element per joint of the robot.
    """

    def __init__(
        self,
        cfg: JointActionCfg,
        env: TermEnv,
        *,
        use_default_offset: bool = False,
        positions: bool = False,
        around: str | None = None,
    ) -> None:
        super().__init__(cfg, env)
        asset = resolve_entity(SceneEntityCfg(name=cfg.entity, joints=cfg.joints), env)
        self._robot, self._joints = asset.robot, asset.joints
        self.joint_names = [self._robot.joint_names[i] for i in self._robot.find_joints(cfg.joints)]
        self.dim = len(self.joint_names)
        if cfg.scale is None:
            self._scale = self._robot.action_scale[self._joints]
        else:
            self._scale = torch.tensor(per_joint(cfg.scale, self.joint_names, 1.0, "actions"), device=env.device)
        default = self._robot.default_joint_pos[0, self._joints]
        self._offset = default if use_default_offset else torch.zeros_like(default)
        self._positions, self._around = positions, around
        if around is not None:
            _check_width(env.command_manager.get(around), around, self._robot.num_joints)

    def apply(self, action: torch.Tensor) -> None:
        target = self._offset if self._around is None else self._asked_for(self._around)
        target = target + self._scale * action
        if self._positions:
            target = target - self._robot.encoder_bias[:, self._joints]
        self._robot.target[:, self._joints] = target

    def _asked_for(self, command: str) -> torch.Tensor:
        asked = self.env.command_manager.get(command)
        return asked[:, : self._robot.num_joints][:, self._joints]

    def describe(self) -> dict[str, Any]:
        described = {
            **super().describe(),
            "joint_names": self.joint_names,
            "scale": self._scale.tolist(),
            "offset": self._offset.tolist(),
        }
        return described if self._around is None else {**described, "around": self._around}


def _check_width(command: torch.Tensor, name: str, joints: int) -> None:
    if command.shape[1] < joints:
        raise UsageError(
            f"the command {name!r} has {command.shape[1]} elements, the robot {joints} joints",
            where="actions.<name>.around",
            fix="name a command that begins with a position of each joint",
        )
