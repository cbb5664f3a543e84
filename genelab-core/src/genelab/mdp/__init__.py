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
from genelab.mdp.differential_ik import DifferentialIkActionCfg
from genelab.mdp.events import push_joints, push_root, reset_joints_by_offset, reset_root_uniform
from genelab.mdp.goal_command import GoalPositionCommandCfg
from genelab.mdp.gripper import GripperActionCfg
from genelab.mdp.joint_actions import JointEffortActionCfg, JointPositionActionCfg, JointVelocityActionCfg
from genelab.mdp.joint_trajectory import JointTrajectoryActionCfg
from genelab.mdp.randomization import (
    randomize_armature,
    randomize_com,
    randomize_encoder_bias,
    randomize_friction,
    randomize_gains,
    randomize_mass,
)
from genelab.mdp.uniform_command import UniformCommandCfg
from genelab.mdp.velocity_command import VelocityBinCfg, VelocityCommandCfg

__all__ = [
    "DifferentialIkActionCfg",
    "GoalPositionCommandCfg",
    "GripperActionCfg",
    "JointEffortActionCfg",
    "JointPositionActionCfg",
    "JointTrajectoryActionCfg",
    "JointVelocityActionCfg",
    "UniformCommandCfg",
    "VelocityBinCfg",
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
