"""An action term: the target moves towards what the policy asks for by at most so much in each control step."""

from __future__ import annotations

from genelab.config import ActionTermCfg
from genelab.config.base import configclass
from genelab.managers.action_manager import ActionTerm


@configclass
class SlewedPositionCfg(ActionTermCfg):
    joint: str = "slider"
    step: float = 0.05

    def build(self, env):
        return SlewedPosition(self, env)


class SlewedPosition(ActionTerm):
    dim = 1

    def __init__(self, cfg, env):
        super().__init__(cfg, env)
        self.robot = env.scene[cfg.entity]
        (self.joint,) = self.robot.find_joints((cfg.joint,))

    def apply(self, action):
        present = self.robot.joint_pos[:, self.joint]
        self.robot.target[:, self.joint] = present + (action[:, 0] - present).clamp(-self.cfg.step, self.cfg.step)
