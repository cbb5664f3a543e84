"""Terms that any task may use. Importing this loads no torch; see `genelab.utils.lazy`."""

from genelab.mdp import (
    curricula,
    feet_rewards,
    frames,
    joint_rewards,
    observations,
    rewards,
    sensing,
    terminations,
    velocity_rewards,
)
from genelab.mdp.actions import JointEffortActionCfg, JointPositionActionCfg, JointVelocityActionCfg
from genelab.mdp.commands import UniformCommandCfg
from genelab.mdp.events import push_joints, push_root, reset_joints_by_offset, reset_root_uniform
from genelab.mdp.goal_commands import GoalPositionCommandCfg
from genelab.mdp.manipulation_actions import DifferentialIkActionCfg, GripperActionCfg
from genelab.mdp.randomization import (
    randomize_armature,
    randomize_com,
    randomize_encoder_bias,
    randomize_friction,
    randomize_gains,
    randomize_mass,
)
from genelab.mdp.trajectory_actions import JointTrajectoryActionCfg
from genelab.mdp.velocity_commands import VelocityCommandCfg

__all__ = [
    "DifferentialIkActionCfg",
    "GoalPositionCommandCfg",
    "GripperActionCfg",
    "JointEffortActionCfg",
    "JointPositionActionCfg",
    "JointTrajectoryActionCfg",
    "JointVelocityActionCfg",
    "UniformCommandCfg",
    "VelocityCommandCfg",
    "curricula",
    "feet_rewards",
    "frames",
    "joint_rewards",
    "observations",
    "push_joints",
    "push_root",
    "randomize_armature",
    "randomize_com",
    "randomize_encoder_bias",
    "randomize_friction",
    "randomize_gains",
    "randomize_mass",
    "reset_joints_by_offset",
    "reset_root_uniform",
    "rewards",
    "sensing",
    "terminations",
    "velocity_rewards",
]
