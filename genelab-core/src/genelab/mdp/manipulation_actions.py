"""Action terms of robot arms: moving a hand in space, opening and closing a gripper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from genelab.config.base import configclass
from genelab.config.scene import NonNegative, Quaternion
from genelab.config.terms import ActionTermCfg

if TYPE_CHECKING:
    from genelab.mdp.differential_ik import DifferentialIkAction
    from genelab.mdp.gripper import GripperAction

Positive = Annotated[float, Field(gt=0)]


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

    def build(self, env: Any) -> DifferentialIkAction:
        from genelab.mdp.differential_ik import DifferentialIkAction

        return DifferentialIkAction(self, env)


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

    def build(self, env: Any) -> GripperAction:
        from genelab.mdp.gripper import GripperAction

        return GripperAction(self, env)
