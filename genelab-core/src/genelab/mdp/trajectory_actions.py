"""Action terms that need no action: they play something back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from genelab.config.base import TextOrFunctionRef, configclass
from genelab.config.terms import ActionTermCfg

if TYPE_CHECKING:
    from genelab.mdp.joint_trajectory import JointTrajectoryAction


@configclass
class JointTrajectoryActionCfg(ActionTermCfg):
    """Zero action elements: joints follow a recorded trajectory, which begins with the episode and repeats.

    The file is NPZ without pickle: `joint_names` text `(num_joints,)`, `positions` `(frames, num_joints)`, rad or m,
    and `fps`. Between frames positions are interpolated linearly.

    Attributes:
        file: Path of the file, or a function without arguments that returns it.
        speed: Factor on the speed of the recording.
    """

    file: TextOrFunctionRef
    speed: Annotated[float, Field(gt=0)] = 1.0

    def build(self, env: Any) -> JointTrajectoryAction:
        from genelab.mdp.joint_trajectory import JointTrajectoryAction

        return JointTrajectoryAction(self, env)
