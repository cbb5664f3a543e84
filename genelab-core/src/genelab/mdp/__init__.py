"""Terms that any task may use. Importing this loads no torch; see `genelab.utils.lazy`."""

from genelab.mdp import frames, observations, rewards, terminations
from genelab.mdp.actions import JointEffortActionCfg, JointPositionActionCfg, JointVelocityActionCfg
from genelab.mdp.commands import UniformCommandCfg
from genelab.mdp.events import push_joints, push_root, reset_joints_by_offset, reset_root_uniform
from genelab.mdp.goal_commands import GoalPositionCommandCfg
from genelab.mdp.manipulation_actions import DifferentialIkActionCfg, GripperActionCfg

__all__ = [
    "DifferentialIkActionCfg",
    "GoalPositionCommandCfg",
    "GripperActionCfg",
    "JointEffortActionCfg",
    "JointPositionActionCfg",
    "JointVelocityActionCfg",
    "UniformCommandCfg",
    "frames",
    "observations",
    "push_joints",
    "push_root",
    "reset_joints_by_offset",
    "reset_root_uniform",
    "rewards",
    "terminations",
]
