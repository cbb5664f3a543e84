"""Terms that any task may use. Importing this loads no torch; see `genelab.utils.lazy`."""

from genelab.mdp import observations, rewards, terminations
from genelab.mdp.actions import JointEffortActionCfg, JointPositionActionCfg, JointVelocityActionCfg
from genelab.mdp.commands import UniformCommandCfg
from genelab.mdp.events import push_joints, push_root, reset_joints_by_offset, reset_root_uniform

__all__ = [
    "JointEffortActionCfg",
    "JointPositionActionCfg",
    "JointVelocityActionCfg",
    "UniformCommandCfg",
    "observations",
    "push_joints",
    "push_root",
    "reset_joints_by_offset",
    "reset_root_uniform",
    "rewards",
    "terminations",
]
