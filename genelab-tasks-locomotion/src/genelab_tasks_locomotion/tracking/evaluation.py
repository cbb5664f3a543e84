"""How tracking is evaluated: each episode goes from one of a few places in the clip to its end.

Episodes of the first part are the whole clip. Each starts with small errors: without any, all would be one and the
same, and those of training are disturbances, like its pushes. Success is to reach the clip's end.
"""

from __future__ import annotations

from genelab.config import ManagerBasedRlEnvCfg, MetricTermCfg, TerminationTermCfg
from genelab_tasks_locomotion.tracking import terminations, terms
from genelab_tasks_locomotion.tracking.motion_command import MotionCommandCfg

START = "start"
STARTS = ("0 %", "25 %", "50 %", "75 %")
START_POSE = {
    "x": (-0.05, 0.05),
    "y": (-0.05, 0.05),
    "z": (-0.01, 0.01),
    "roll": (-0.05, 0.05),
    "pitch": (-0.05, 0.05),
    "yaw": (-0.1, 0.1),
}
"""Errors of place and orientation, m and rad."""
START_VELOCITY = {
    "x": (-0.2, 0.2),
    "y": (-0.2, 0.2),
    "z": (-0.1, 0.1),
    "roll": (-0.2, 0.2),
    "pitch": (-0.2, 0.2),
    "yaw": (-0.3, 0.3),
}
"""Errors of velocity, m/s and rad/s."""
START_JOINTS = (-0.05, 0.05)
"""Errors of the joints, rad."""
LONGEST_S = 3600.0
"""Time limit; the clip's end comes first."""


def by_start(env: ManagerBasedRlEnvCfg) -> None:
    """Sort evaluation episodes by where in the clip they start, and end them with it."""
    ((name, command),) = ((name, cfg) for name, cfg in env.commands.items() if isinstance(cfg, MotionCommandCfg))
    command.start, command.at_end = "first", "finish"
    command.pose, command.velocity, command.joint_position = dict(START_POSE), dict(START_VELOCITY), START_JOINTS
    command.stratum = START
    env.strata[START] = STARTS
    env.terminations["time_out"] = TerminationTermCfg(
        func=terminations.clip_end, params={"command": name}, time_out=True
    )
    env.metrics = {"clip_finished": MetricTermCfg(func=terms.clip_finished, params={"command": name})}
    env.episode_length_s = LONGEST_S
