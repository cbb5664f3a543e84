"""Samples of motion tracking seen in a mirror: robot and reference change sides together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genelab.config import ManagerBasedRlEnvCfg
from genelab.envs.vec_env import VecEnv
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.mirror import POLAR, Mirror
from genelab_tasks_locomotion.robots.unitree_g1.robot import UNITREE_G1
from genelab_tasks_locomotion.tracking.g1 import COMMAND
from genelab_tasks_locomotion.tracking.motion_command import MotionCommandCfg
from genelab_tasks_locomotion.velocity.agents.symmetry import Batch, Reflection, mirrored, reflect_joints

if TYPE_CHECKING:
    from genelab_backend_rslrl.vec_env import RslRlVecEnv

TWO_COLUMNS = (1.0, -1.0, -1.0, 1.0, 1.0, -1.0)
"""Signs of the first two columns, row by row, of M R M with M = diag(1, −1, 1): a rotation R in the mirror."""


def mirror_g1(env: RslRlVecEnv, obs: Any | None, actions: torch.Tensor | None) -> Batch:
    """Append mirrored rows; see `RslRlSymmetryCfg`."""
    return mirrored(UNITREE_G1, env.unwrapped, obs, actions, _reflect)


def _reflect(robot: LeggedRobot, env: VecEnv, name: str) -> Reflection | None:
    cfg, actuation = env.cfg, env.describe_actuation()  # a sharded environment has no managers to be asked
    assert isinstance(cfg, ManagerBasedRlEnvCfg) and actuation is not None
    command = cfg.commands[COMMAND]
    assert isinstance(command, MotionCommandCfg)
    if name == "reference":
        joints = actuation["robots"][command.entity]["joint_names"]
        places, signs = reflect_joints(robot.mirror, joints)
        return places + [len(joints) + place for place in places], signs * 2
    if name == "anchor_pos":
        return [0, 1, 2], [*POLAR]
    if name == "anchor_ori":
        return [*range(6)], [*TWO_COLUMNS]
    if name == "body_pos":
        return _links(robot.mirror, command.bodies, POLAR)
    return _links(robot.mirror, command.bodies, TWO_COLUMNS) if name == "body_ori" else None


def _links(mirror: Mirror, names: Sequence[str], signs: Sequence[float]) -> Reflection:
    """Return how values of links reflect, `len(signs)` numbers a link."""
    width = len(signs)
    places = [width * place + i for place in mirror.permutation(names) for i in range(width)]
    return places, [*signs] * len(names)
