"""How tracking is evaluated: each episode goes from one of a few places in the clip to its end.

Episodes of the first part are the whole clip. Each starts with the errors of training: without them, all would be one
and the same. Success is to reach the clip's end.
"""

from __future__ import annotations

from genelab.config import ManagerBasedRlEnvCfg, MetricTermCfg, TerminationTermCfg
from genelab_tasks_locomotion.tracking import terminations, terms
from genelab_tasks_locomotion.tracking.commands import MotionCommandCfg

START = "start"
STARTS = ("0 %", "25 %", "50 %", "75 %")
LONGEST_S = 3600.0
"""Time limit; the clip's end comes first."""


def by_start(env: ManagerBasedRlEnvCfg) -> None:
    """Sort evaluation episodes by where in the clip they start, and end them with it."""
    ((name, command),) = ((name, cfg) for name, cfg in env.commands.items() if isinstance(cfg, MotionCommandCfg))
    command.start, command.at_end = "first", "finish"
    command.stratum = START
    env.strata[START] = STARTS
    env.terminations["time_out"] = TerminationTermCfg(
        func=terminations.clip_end, params={"command": name}, time_out=True
    )
    env.metrics = {"clip_finished": MetricTermCfg(func=terms.clip_finished, params={"command": name})}
    env.episode_length_s = LONGEST_S
