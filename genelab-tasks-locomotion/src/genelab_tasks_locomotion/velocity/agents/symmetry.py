"""Samples seen in a mirror, for agents of robots whose left and right are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from genelab.envs.vec_env import VecEnv
from genelab.sensors.height import HeightScanCfg
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.mirror import AXIAL, PLANAR_COMMAND, POLAR, Mirror
from genelab_tasks_locomotion.robots.unitree_g1.robot import UNITREE_G1
from genelab_tasks_locomotion.robots.unitree_go1.robot import UNITREE_GO1
from genelab_tasks_locomotion.robots.unitree_go2w.robot import UNITREE_GO2W
from genelab_tasks_locomotion.velocity.rough import SCAN

if TYPE_CHECKING:
    from genelab_backend_rslrl.vec_env import RslRlVecEnv

Batch = tuple[Any | None, "torch.Tensor | None"]
Reflection = tuple[list[int], list[float]]
"""For each number where it comes from, and its sign."""

Others = Callable[[LeggedRobot, VecEnv, str], Reflection | None]
"""Given a robot, its environment and the name of a term, how the term reflects; `None` if it does not know."""

_VECTORS = {
    "base_lin_vel": POLAR,
    "base_ang_vel": AXIAL,
    "projected_gravity": POLAR,
    "command": PLANAR_COMMAND,
}
_JOINTS = ("joint_pos", "joint_vel")
_FEET = ("foot_height", "foot_air_time", "foot_contact")


def no_others(robot: LeggedRobot, env: VecEnv, name: str) -> None:
    """Know no further terms."""


def mirror_go1(env: RslRlVecEnv, obs: Any | None, actions: torch.Tensor | None) -> Batch:
    """Append mirrored rows for the Go1; see `RslRlSymmetryCfg`."""
    return mirrored(UNITREE_GO1, env.unwrapped, obs, actions)


def mirror_go2w(env: RslRlVecEnv, obs: Any | None, actions: torch.Tensor | None) -> Batch:
    """Append mirrored rows for the Go2-W; see `RslRlSymmetryCfg`."""
    return mirrored(UNITREE_GO2W, env.unwrapped, obs, actions)


def mirror_g1(env: RslRlVecEnv, obs: Any | None, actions: torch.Tensor | None) -> Batch:
    """Append mirrored rows for the G1; see `RslRlSymmetryCfg`."""
    return mirrored(UNITREE_G1, env.unwrapped, obs, actions)


def mirrored(
    robot: LeggedRobot, env: VecEnv, obs: Any | None, actions: torch.Tensor | None, others: Others = no_others
) -> Batch:
    """Append mirrored rows.

    Args:
        robot: The robot.
        env: Its environment.
        obs: Observation groups `(rows, dim)`, a TensorDict, or `None`.
        actions: `(rows, action_dim)`, or `None`.
        others: Says how terms reflect that are not known here.
    """
    frames, actuated = _reflections(robot.name, env, others)
    if obs is not None:
        mirrored = obs.clone(recurse=False)
        for name, group in obs.items():
            mirrored[name] = _reflect(group, frames[name])
        obs = torch.cat((obs, mirrored))
    if actions is not None:
        actions = torch.cat((actions, _reflect(actions, actuated)))
    return obs, actions


def _reflect(rows: torch.Tensor, reflection: tuple[list[int], torch.Tensor]) -> torch.Tensor:
    """Reflect rows that hold one or several frames."""
    order, signs = reflection
    return (rows.unflatten(1, (-1, len(order)))[..., order] * signs.to(rows.device)).flatten(1)


@lru_cache(maxsize=1)
def _reflections(name: str, env: VecEnv, others: Others) -> tuple[dict[str, Any], Any]:
    """Return how a frame of each observation group reflects, and an action."""
    robot = {made.name: made for made in (UNITREE_GO1, UNITREE_GO2W, UNITREE_G1)}[name]
    actuation = env.describe_actuation()
    assert actuation is not None
    joints = actuation["robots"]["robot"]["joint_names"]
    driven = [joint for term in actuation["action_terms"] for joint in term["joint_names"]]
    frames = {}
    for group, layout in env.observation_layout.groups.items():
        order: list[int] = []
        signs: list[float] = []
        for term in layout.terms:
            known = others(robot, env, term.name)
            places, factors = _term(robot, env, term.name, joints, driven) if known is None else known
            start = len(order)
            order += [start + place for place in places]
            signs += factors
        frames[group] = (order, torch.tensor(signs))
    places, factors = reflect_joints(robot.mirror, driven)
    return frames, (places, torch.tensor(factors))


def _term(robot: LeggedRobot, env: VecEnv, name: str, joints: list[str], driven: list[str]) -> Reflection:
    """Return how one observation term reflects.

    Raises:
        KeyError: for a term that nobody has said it of.
    """
    if name in _JOINTS:
        return reflect_joints(robot.mirror, joints)
    if name == "last_action":
        return reflect_joints(robot.mirror, driven)
    if name == SCAN:
        scan = env.cfg.scene.sensors[SCAN]
        assert isinstance(scan, HeightScanCfg)
        return _grid(scan)
    feet = robot.mirror.permutation(list(robot.feet))
    if name in _FEET:
        return feet, [1.0] * len(feet)
    if name == "foot_contact_forces":
        return [3 * foot + axis for foot in feet for axis in range(3)], [*POLAR] * len(feet)
    return [0, 1, 2], [*_VECTORS[name]]


def reflect_joints(mirror: Mirror, names: Sequence[str]) -> Reflection:
    """Return how values of joints reflect, in the order of `names`."""
    return mirror.permutation(names), mirror.signs(names)


def _grid(scan: HeightScanCfg) -> Reflection:
    """Points lie along y within x: each row turns round."""
    rows, columns = (round(extent / scan.resolution) + 1 for extent in scan.size)
    return [row * columns + columns - 1 - column for row in range(rows) for column in range(columns)], [1.0] * (
        rows * columns
    )
