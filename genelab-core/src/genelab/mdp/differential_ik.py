"""Action that moves a link in space by differential inverse kinematics."""

from __future__ import annotations

from typing import Any

from genelab.config.base import NonNegative, Positive, Quaternion, configclass
from genelab.config.terms import ActionTermCfg, SceneEntityCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term import resolve_entity
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotation_vector


@configclass
class DifferentialIkActionCfg(ActionTermCfg):
    """Three action elements, ±1 each: displacement of a link in the world frame.

    Damped least squares (Wampler 1986) turns it into joint displacements, Δq = Jᵀ(JJᵀ + λ²I)⁻¹Δx, which are added to
    the measured joint positions. A displacement that the arm cannot make, at a joint limit or with a stretched arm,
    moves it as far as it goes.

    Attributes:
        link: Name of the moved link.
        joints: Name patterns of the joints that move it; they need position actuators.
        scale: What one unit of action means, m.
        orientation: Orientation of the link to be kept, (w, x, y, z) in the world; `None` leaves it free.
        orientation_gain: Share of the orientation error to be removed in one control step.
        damping: λ. Larger values move less near singular postures.
        max_joint_step: Bound on each |Δq|, rad.
    """

    link: str
    joints: tuple[str, ...]
    scale: Positive = 0.05
    orientation: Quaternion | None = None
    orientation_gain: NonNegative = 1.0
    damping: Positive = 0.05
    max_joint_step: Positive = 0.2

    def build(self, env: TermEnv) -> DifferentialIkAction:
        return DifferentialIkAction(self, env)


class DifferentialIkAction(ActionTerm):
    """Runtime of `DifferentialIkActionCfg`."""

    cfg: DifferentialIkActionCfg
    dim = 3

    def __init__(self, cfg: DifferentialIkActionCfg, env: TermEnv) -> None:
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
