"""Samples seen in a mirror, for agents of robots whose left and right are alike."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from genelab.utils.lazy import torch
from genelab_tasks_locomotion.robots.mirror import AXIAL, PLANAR_COMMAND, POLAR, Mirror
from genelab_tasks_locomotion.robots.unitree_go1.robot import UNITREE_GO1

_VECTORS = {
    "base_lin_vel": POLAR,
    "base_ang_vel": AXIAL,
    "projected_gravity": POLAR,
    "command": PLANAR_COMMAND,
}
_JOINTS = ("joint_pos", "joint_vel", "last_action")


def mirror_go1(env: Any, obs: Any | None, actions: torch.Tensor | None) -> tuple[Any | None, torch.Tensor | None]:
    """Append mirrored rows for the Go1; see `RslRlSymmetryCfg`."""
    return _mirrored(UNITREE_GO1.mirror, env, obs, actions)


def _mirrored(
    mirror: Mirror, env: Any, obs: Any | None, actions: torch.Tensor | None
) -> tuple[Any | None, torch.Tensor | None]:
    env = env.unwrapped
    names = _joint_names(env)
    if obs is not None:
        mirrored = obs.clone(recurse=False)
        for name, group in obs.items():
            terms = tuple((term.name, term.dim) for term in env.observation_layout.groups[name].terms)
            order, signs = _frame(mirror, names, terms)
            frames = group.unflatten(1, (-1, len(order)))
            mirrored[name] = (frames[..., order] * signs.to(group.device)).flatten(1)
        obs = torch.cat((obs, mirrored))
    if actions is not None:
        actions = torch.cat((actions, mirror.joints(actions, names)))
    return obs, actions


@lru_cache(maxsize=1)
def _joint_names(env: Any) -> tuple[str, ...]:
    return tuple(name for term in env.describe_actuation()["action_terms"] for name in term["joint_names"])


@lru_cache(maxsize=16)
def _frame(
    mirror: Mirror, joints: tuple[str, ...], terms: tuple[tuple[str, int], ...]
) -> tuple[list[int], torch.Tensor]:
    """Return where each number of a frame comes from and its sign."""
    order: list[int] = []
    signs: list[float] = []
    for name, dim in terms:
        start = len(order)
        if name in _JOINTS:
            order += [start + index for index in mirror.permutation(joints)]
            signs += mirror.signs(joints)
        else:
            order += range(start, start + dim)
            signs += _VECTORS[name]
    return order, torch.tensor(signs)
