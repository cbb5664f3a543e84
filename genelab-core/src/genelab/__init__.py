"""GeneLab: train, evaluate, export and benchmark robot policies in the Genesis simulator.

Importing this package loads nothing heavy and no plugin. Names below are resolved on first use.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from genelab.utils.lazy import lazy_names
from genelab.utils.references import MovedModules

__version__ = "0.1.0"

MOVED: dict[str, str] = {
    "genelab.eval.profile:Profile": "genelab.eval.episode_curve:EpisodeCurve",
    "genelab.eval.profile:ProfiledMetric": "genelab.eval.episode_curve:CurveMetric",
    "genelab.mdp.actions": "genelab.mdp.joint_actions",
    "genelab.mdp.commands": "genelab.mdp.uniform_command",
    "genelab.mdp.entity_defaults:ROBOT": "genelab.managers.term:ROBOT",
    "genelab.mdp.goal_commands": "genelab.mdp.goal_command",
    "genelab.mdp.manipulation_actions:DifferentialIkActionCfg": "genelab.mdp.differential_ik:DifferentialIkActionCfg",
    "genelab.mdp.manipulation_actions:GripperActionCfg": "genelab.mdp.gripper:GripperActionCfg",
    "genelab.mdp.trajectory_actions": "genelab.mdp.joint_trajectory",
    "genelab.mdp.velocity_commands": "genelab.mdp.velocity_command",
    "genelab.runs.jobs": "genelab.jobs.jobs",
    "genelab.runs.launcher": "genelab.jobs.launcher",
    "genelab.runs.launchers.local": "genelab.jobs.local_launcher",
    "genelab.runs.suite": "genelab.benchmark.suite",
    "genelab.sim2sim.sensed:ground_distance": "genelab.sim2sim.observations:ground_distance",
    "genelab.sim2sim.sensed:height_scan": "genelab.sim2sim.observations:height_scan",
    "genelab.sim2sim.sensed:imu_ang_vel": "genelab.sim2sim.observations:imu_ang_vel",
    "genelab.sim2sim.sensed:imu_lin_vel": "genelab.sim2sim.observations:imu_lin_vel",
    "genelab.sim2sim.sensed:imu_projected_gravity": "genelab.sim2sim.observations:imu_projected_gravity",
}
"""Modules and objects that files and code of older versions name, and where they are now."""

sys.meta_path.append(MovedModules())

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "evaluate": "genelab.runs.evaluation:evaluate",
        "make_env": "genelab.envs.make:make_env",
        "load_task": "genelab.plugins.tasks:load_task",
    },
)

if TYPE_CHECKING:
    from genelab.envs.make import make_env as make_env
    from genelab.plugins.tasks import load_task as load_task
    from genelab.runs.evaluation import evaluate as evaluate
