"""Runtime of `DifferentialIkActionCfg`."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import SceneEntityCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term import resolve_entity
from genelab.mdp.manipulation_actions import DifferentialIkActionCfg
from genelab.utils.errors import UsageError
from genelab.utils.rotations import rotation_vector


class DifferentialIkAction(ActionTerm):
    """Moves a link by small steps; see the config."""

    cfg: DifferentialIkActionCfg
    dim = 3

    def __init__(self, cfg: DifferentialIkActionCfg, env: Any) -> None:
        super().__init__(cfg, env)
        asset = resolve_entity(SceneEntityCfg(name=cfg.entity, joints=cfg.joints, links=(cfg.link,)), env)
        self._robot, self._joints = asset.robot, asset.joints
        links = self._robot.find_links((cfg.link,))
        if len(links) != 1:
            names = ", ".join(self._robot.link_names[index] for index in links)
            raise UsageError(f"{cfg.link!r} names several links: {names}", where="actions", fix="name one link")
        self._link = links[0]
        self.joint_names = [self._robot.joint_names[i] for i in self._robot.find_joints(cfg.joints)]
        self._rows = 3 if cfg.orientation is None else 6
        self._damping = cfg.damping**2 * torch.eye(self._rows, device=env.device)
        self._low, self._high = self._robot.joint_limits[self._joints].unbind(1)
        if cfg.orientation is not None:
            kept = torch.tensor(cfg.orientation, device=env.device)
            self._orientation = kept / kept.norm()

    def apply(self, action: torch.Tensor) -> None:
        robot = self._robot
        twist = action.clamp(-1.0, 1.0) * self.cfg.scale
        if self.cfg.orientation is not None:
            turn = rotation_vector(self._orientation.expand(len(twist), 4), robot.link_quat[:, self._link])
            twist = torch.cat((twist, self.cfg.orientation_gain * turn), dim=1)
        jacobian = robot.link_jacobian(self._link)[:, : self._rows, self._joints]
        step = damped_least_squares(jacobian, twist, self._damping)
        step = step.clamp(-self.cfg.max_joint_step, self.cfg.max_joint_step)
        robot.target[:, self._joints] = (robot.joint_pos[:, self._joints] + step).clamp(self._low, self._high)

    def describe(self) -> dict[str, Any]:
        cfg = self.cfg
        return {
            **super().describe(),
            "link": cfg.link,
            "joint_names": self.joint_names,
            "scale": [cfg.scale] * 3,
            "offset": [0.0] * 3,
            "orientation": cfg.orientation if cfg.orientation is None else list(cfg.orientation),
            "orientation_gain": cfg.orientation_gain,
            "damping": cfg.damping,
            "max_joint_step": cfg.max_joint_step,
        }


def damped_least_squares(jacobian: torch.Tensor, twist: torch.Tensor, damping: torch.Tensor) -> torch.Tensor:
    """Return Δq = Jᵀ(JJᵀ + D)⁻¹Δx, `(num_envs, num_joints)`.

    Args:
        jacobian: J, `(num_envs, rows, num_joints)`.
        twist: Δx, `(num_envs, rows)`.
        damping: D, `(rows, rows)`, positive definite, so that there is always a solution.
    """
    transposed = jacobian.transpose(1, 2)
    solution, _ = torch.linalg.solve_ex(jacobian @ transposed + damping, twist[:, :, None])
    return (transposed @ solution)[:, :, 0]
