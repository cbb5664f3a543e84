"""Turning the layers of a Rubik's cube, and seeing whether it is solved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from genelab.config.base import NonNegativeInt, PositiveInt, configclass
from genelab.config.terms import ActionTermCfg
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab_tasks_manipulation.playback.rubiks_cubie import CENTRE, COLORS, GRID, PITCH, cubie_name

if TYPE_CHECKING:
    from genelab.managers.term_env import TermEnv
    from genelab_tasks_manipulation.playback.rubiks_turns import LayerTurns

FACES = {"R": (0, 1), "L": (0, -1), "B": (1, 1), "F": (1, -1), "U": (2, 1), "D": (2, -1)}
"""Axis of each face and the side that it is on."""


@configclass
class LayerTurnsCfg(ActionTermCfg):
    """Zero action elements: layers turn by a script, and then back, from the beginning of the episode and again.

    Attributes:
        moves: Turns in Singmaster's notation with blanks between: `R` a quarter clockwise seen from the right, `R'`
            counter-clockwise, `R2` a half.
        steps_per_quarter: Control steps of a quarter turn.
        pause: Control steps of rest before and after the way back.
    """

    moves: str
    steps_per_quarter: PositiveInt = 12
    pause: NonNegativeInt = 25

    def build(self, env: TermEnv) -> LayerTurns:
        from genelab_tasks_manipulation.playback.rubiks_turns import LayerTurns

        return LayerTurns(self, env)


def parse_moves(text: str) -> list[tuple[str, int]]:
    """Return face and quarter turns (clockwise, 1, -1 or 2) of each move.

    Raises:
        UsageError: for a word that is no move.
    """
    moves = []
    for word in text.split():
        quarters = {"": 1, "'": -1, "2": 2}.get(word[1:])
        if word[0] not in FACES or quarters is None:
            raise UsageError(f"{word!r} is no turn of a face", fix="write R, L, U, D, F or B, with ' or 2 behind it")
        moves.append((word[0], quarters))
    return moves


def solved(env: TermEnv) -> torch.Tensor:
    """1 where each side of the cube shows a single colour, read from the bodies' poses, `(num_envs, 1)`.

    The spin of a sticker, which nobody sees, does not matter.
    """
    from genelab.utils.rotations import rotate_inverse

    bodies = [env.scene[cubie_name(place)] for place in GRID]
    pos = torch.stack([body.root_pos for body in bodies], dim=1) - torch.tensor(CENTRE, device=env.device)
    quat = torch.stack([body.root_quat for body in bodies], dim=1)
    result = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)
    for side in COLORS:
        outward = torch.tensor(side, dtype=torch.float32, device=env.device).expand_as(pos)
        on_side = (pos * outward).sum(dim=2) > 0.5 * PITCH
        shown = rotate_inverse(quat, outward)  # the side of its own that each body turns outward
        first = shown.gather(1, on_side.float().argmax(dim=1)[:, None, None].expand(-1, 1, 3))
        same = (shown - first).norm(dim=2) < math.sin(math.radians(5.0))
        result &= (same | ~on_side).all(dim=1) & (on_side.sum(dim=1) == 9)
    return result[:, None].float()
