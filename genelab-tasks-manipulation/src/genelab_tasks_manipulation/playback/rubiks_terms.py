"""Turning the layers of a Rubik's cube, and seeing whether it is solved."""

from __future__ import annotations

import math

from genelab.config.base import NonNegativeInt, PositiveInt, configclass
from genelab.config.terms import ActionTermCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.rotations import multiply, rotate_inverse
from genelab_tasks_manipulation.playback.rubiks_cubie import CENTRE, COLORS, GRID, PITCH, cubie_name

FACES = {"R": (0, 1), "L": (0, -1), "B": (1, 1), "F": (1, -1), "U": (2, 1), "D": (2, -1)}
"""Axis of each face and the side that it is on."""
Pose = tuple["torch.Tensor", "torch.Tensor"]
"""Places `(27, 3)` and orientations `(27, 4)` of the bodies."""


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
        return LayerTurns(self, env)


class LayerTurns(ActionTerm):
    """Runtime of `LayerTurnsCfg`: puts the bodies where the script, worked out beforehand, has them."""

    dim = 0

    def __init__(self, cfg: LayerTurnsCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        self._bodies = [env.scene[cubie_name(place)] for place in GRID]
        self._positions, self._quats = (part.to(env.device) for part in script(cfg))
        self._everyone = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)

    def apply(self, action: torch.Tensor) -> None:
        frame = (self.env.episode_length_buf + 1) % len(self._positions)
        positions, quats = self._positions[frame], self._quats[frame]
        for index, body in enumerate(self._bodies):
            body.write_root(positions[:, index], quats[:, index], self._everyone)


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


def script(cfg: LayerTurnsCfg) -> Pose:
    """Return positions, m, `(steps, 27, 3)` and orientations `(steps, 27, 4)` over the scramble and the way back."""
    moves = parse_moves(cfg.moves)
    back = [(face, -quarters) for face, quarters in reversed(moves)]
    pose = torch.tensor(GRID, dtype=torch.float32), torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(len(GRID), 1)
    frames = [pose]
    for leg in (moves, back):
        for face, quarters in leg:
            steps = cfg.steps_per_quarter * abs(quarters)
            turned = [_turned(pose, face, quarters * step / steps) for step in range(1, steps + 1)]
            frames += turned
            pose = turned[-1][0].round(), turned[-1][1]
        frames += [pose] * cfg.pause
    positions, quats = (torch.stack(parts) for parts in zip(*frames, strict=True))
    return torch.tensor(CENTRE) + PITCH * positions, quats


def _turned(pose: Pose, face: str, quarters: float) -> Pose:
    """Return places and orientations after the layer of `face` turned clockwise, seen from outside."""
    positions, quats = pose
    axis, side = FACES[face]
    half = -side * quarters * math.pi / 4
    turn = torch.zeros(4)
    turn[0], turn[1 + axis] = math.cos(half), math.sin(half)
    moves = positions[:, axis] * side > 0.5
    inverse = torch.cat((turn[:1], -turn[1:])).expand(len(positions), 4)
    new_positions = torch.where(moves[:, None], rotate_inverse(inverse, positions), positions)
    new_quats = torch.where(moves[:, None], multiply(turn.expand(len(quats), 4), quats), quats)
    return new_positions, new_quats


def solved(env: TermEnv) -> torch.Tensor:
    """1 where each side of the cube shows a single colour, read from the bodies' poses, `(num_envs, 1)`.

    The spin of a sticker, which nobody sees, does not matter.
    """
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
