"""Curriculum terms: `func(env, mask, **params)`, called for the envs in `mask` before they are reset."""

from __future__ import annotations

from typing import Any

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch

_RANGES = ("lin_vel_x", "lin_vel_y", "ang_vel_z")


def terrain_levels(
    env: TermEnv,
    mask: torch.Tensor,
    command: str,
    distance: float | None = None,
    least_progress: float = 0.5,
    asset: SceneEntity = ROBOT,
) -> dict[str, torch.Tensor]:
    """Move an env up a level when it has walked far enough, down when it hardly follows its command.

    Up: it ended its episode more than `distance` from where its cell's centre is. Down: it covered less than
    `least_progress` of the distance that it was commanded to, measured along the commanded direction. (legged_gym,
    Rudin et al. 2022, compares the distance from the centre with the last command instead, which sends envs down that
    follow commands of changing direction.)

    Args:
        env: The environment, with a terrain and a `VelocityCommandCfg`.
        mask: Bool `(num_envs,)`.
        command: Name of the velocity command.
        distance: m; `None` for half a cell.
        least_progress: Share of the commanded distance.
        asset: The robot.

    Returns:
        Mean level of all envs, and of each kind of cell.
    """
    placement = env.scene.placement
    if placement is None:
        raise UsageError("terrain_levels needs a terrain", where="curriculum", fix="set scene.terrain")
    term = env.command_manager.terms[command]
    walked = (asset.entity.root_pos - placement.origin)[:, :2].norm(dim=1)
    up = walked > (placement.grid.cell_size / 2.0 if distance is None else distance)
    down = (term.progress < least_progress * term.commanded_distance) & ~up
    # An env that never ran an episode has walked nowhere and is not to be judged.
    judged = mask & (env.episode_length_buf > 0)
    placement.change_level((up.long() - down.long()) * judged)
    levels = placement.level.float()
    kinds = placement.kind_masks()
    means = {kind: (levels * of_kind).sum() / of_kind.sum().clamp(min=1.0) for kind, of_kind in kinds.items()}
    return {"mean": levels.mean(), **means}


def command_ranges(
    env: TermEnv, mask: torch.Tensor, command: str, stages: tuple[dict[str, Any], ...]
) -> dict[str, float]:
    """Widen the ranges of a velocity command at given times.

    Args:
        env: The environment.
        mask: Bool `(num_envs,)`.
        command: Name of the `VelocityCommandCfg`.
        stages: Each a dict with `"step"`, in control steps since the training began, and new ranges of `lin_vel_x`,
            `lin_vel_y`, `ang_vel_z`. Stages that have been reached apply in order.

    Returns:
        Upper bounds now.
    """
    term = env.command_manager.terms[command]
    table = {name: vars(term.cfg)[name] for name in _RANGES}
    for stage in stages:
        unknown = set(stage) - {"step", *_RANGES}
        if unknown:
            raise UsageError(
                f"unknown keys {sorted(unknown)}", where="curriculum", fix=f"use step, {', '.join(_RANGES)}"
            )
        if env.common_step_counter >= stage["step"]:
            table.update({name: bounds for name, bounds in stage.items() if name != "step"})
    term.ranges = torch.tensor([table[name] for name in _RANGES], device=env.device)
    return {name: bounds[1] for name, bounds in table.items()}
