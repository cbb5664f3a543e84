"""Action terms that drive joints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genelab.config.base import configclass
from genelab.config.scene import PerJoint
from genelab.config.terms import ActionTermCfg

if TYPE_CHECKING:
    from genelab.mdp.joint_actions import JointAction


@configclass
class JointActionCfg(ActionTermCfg):
    """One action element per chosen joint.

    Attributes:
        joints: Name patterns of the joints; `None` for all.
        scale: What one unit of action means, in the unit of the target; `None` for the actuators' `action_scale`.
    """

    joints: tuple[str, ...] | None = None
    scale: PerJoint | None = None

    def build(self, env: Any) -> JointAction:
        from genelab.mdp.joint_actions import JointAction

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

    def build(self, env: Any) -> JointAction:
        from genelab.mdp.joint_actions import JointAction

        return JointAction(self, env, use_default_offset=self.use_default_offset, positions=True, around=self.around)


@configclass
class JointVelocityActionCfg(JointActionCfg):
    """Target velocity = scale · action, rad/s or m/s, for joints behind velocity actuators."""


@configclass
class JointEffortActionCfg(JointActionCfg):
    """Torque or force = scale · action, N m or N, for joints behind effort actuators."""
