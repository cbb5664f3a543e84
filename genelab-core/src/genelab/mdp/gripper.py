"""Action that opens and closes a gripper."""

from __future__ import annotations

from typing import Any

from genelab.config.base import Positive, configclass
from genelab.config.terms import ActionTermCfg, SceneEntityCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term import resolve_entity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch


@configclass
class GripperActionCfg(ActionTermCfg):
    """One action element, ±1: opens (positive) or closes the fingers, which share one target.

    Target = mean measured finger position + scale · action, within the limits of the joints.

    Attributes:
        joints: Name patterns of the finger joints.
        scale: What one unit of action means, m or rad; several times the stroke closes with full force.
    """

    joints: tuple[str, ...]
    scale: Positive = 0.1

    def build(self, env: TermEnv) -> GripperAction:
        return GripperAction(self, env)


class GripperAction(ActionTerm):
    """Runtime of `GripperActionCfg`."""

    cfg: GripperActionCfg
    dim = 1

    def __init__(self, cfg: GripperActionCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        asset = resolve_entity(SceneEntityCfg(name=cfg.entity, joints=cfg.joints), env)
        self._robot, self._joints = asset.robot, asset.joints
        self.joint_names = [self._robot.joint_names[i] for i in self._robot.find_joints(cfg.joints)]
        self._low, self._high = self._robot.joint_limits[self._joints].unbind(1)

    def apply(self, action: torch.Tensor) -> None:
        opening = self._robot.joint_pos[:, self._joints].mean(dim=1, keepdim=True)
        target = opening + self.cfg.scale * action.clamp(-1.0, 1.0)
        self._robot.target[:, self._joints] = target.expand(-1, len(self._low)).clamp(self._low, self._high)

    def describe(self) -> dict[str, Any]:
        return {
            **super().describe(),
            "joint_names": self.joint_names,
            "scale": [self.cfg.scale],
            "offset": [0.0],
        }
