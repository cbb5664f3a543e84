"""How velocity tasks are evaluated: one command an episode, sorted by direction, and on terrain by level and ground.

A command of training lasts 3 to 8 s and mixes all directions: an error averaged over it says neither which way the
robot fails to go nor whether it had time to get there. An evaluation episode has one command from its start to its end.
Its bin is one of the directions, at half to full speed, or `full`: forward, sideward and turning speed drawn together
from the whole ranges. Right mirrors left, and turning right turning left: their rows show how symmetric a policy is.
"""

from __future__ import annotations

from genelab.config import ManagerBasedRlEnvCfg
from genelab.config.base import Range
from genelab.config.terrain import COLUMN_STRATUM, LEVEL_STRATUM
from genelab.mdp.velocity_command import VelocityBinCfg, VelocityCommandCfg
from genelab_tasks_locomotion.velocity.env import COMMAND

DIRECTION = "direction"
ROUGH_EPISODE_S = 5.0
"""At 1 m/s a robot leaves its cell, 4 m from middle to edge, after 4 s: after 20 s its level would mean nothing, and
from an outer cell it would have left the terrain."""


def by_direction(env: ManagerBasedRlEnvCfg) -> None:
    """Sort evaluation episodes by the direction of their command."""
    command = _command(env)
    command.bins = direction_bins(command)
    _declare(env)
    env.metrics.pop("yaw_rate_error", None)  # the plugin metric `turning_error` is the same, with its unit


def by_direction_and_ground(env: ManagerBasedRlEnvCfg) -> None:
    """Sort them by the level and the kind of ground as well; short enough to stay about there."""
    from genelab.terrains.generator import column_kinds  # numpy: not needed to list or describe tasks

    by_direction(env)
    assert env.scene.terrain is not None
    env.strata[LEVEL_STRATUM] = env.scene.terrain.levels
    env.strata[COLUMN_STRATUM] = column_kinds(env.scene.terrain)
    env.episode_length_s = ROUGH_EPISODE_S


def add_bin(env: ManagerBasedRlEnvCfg, name: str, ranges: VelocityBinCfg) -> None:
    """Add a kind of command to the directions."""
    _command(env).bins[name] = ranges
    _declare(env)


def direction_bins(command: VelocityCommandCfg) -> dict[str, VelocityBinCfg]:
    """Return the directions that a command asks for, each from half to all of its greatest speed."""
    forward, left, turning = command.lin_vel_x, command.lin_vel_y, command.ang_vel_z
    bins = {
        "forward": VelocityBinCfg(lin_vel_x=_upper_half(forward)),
        "backward": VelocityBinCfg(lin_vel_x=_lower_half(forward)),
        "left": VelocityBinCfg(lin_vel_y=_upper_half(left)),
        "right": VelocityBinCfg(lin_vel_y=_lower_half(left)),
        "turn_left": VelocityBinCfg(ang_vel_z=_upper_half(turning)),
        "turn_right": VelocityBinCfg(ang_vel_z=_lower_half(turning)),
    }
    asked_for = {name: ranges for name, ranges in bins.items() if ranges != VelocityBinCfg()}
    full = VelocityBinCfg(lin_vel_x=forward, lin_vel_y=left, ang_vel_z=turning)
    return {**asked_for, "stand": VelocityBinCfg(), "full": full}


def _upper_half(bounds: Range) -> Range:
    most = max(bounds[1], 0.0)
    return 0.5 * most, most


def _lower_half(bounds: Range) -> Range:
    most = min(bounds[0], 0.0)
    return most, 0.5 * most


def _command(env: ManagerBasedRlEnvCfg) -> VelocityCommandCfg:
    command = env.commands[COMMAND]
    assert isinstance(command, VelocityCommandCfg)
    return command


def _declare(env: ManagerBasedRlEnvCfg) -> None:
    command = _command(env)
    command.stratum = DIRECTION
    env.strata[DIRECTION] = tuple(command.bins)
