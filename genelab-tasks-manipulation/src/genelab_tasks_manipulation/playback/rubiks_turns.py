"""Runtime of `LayerTurnsCfg`: where each body is at each step, worked out beforehand."""

from __future__ import annotations

import math

import torch

from genelab.managers.action_manager import ActionTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.rotations import multiply, rotate_inverse
from genelab_tasks_manipulation.playback.rubiks_cubie import CENTRE, GRID, PITCH, cubie_name
from genelab_tasks_manipulation.playback.rubiks_terms import FACES, LayerTurnsCfg, parse_moves

Pose = tuple[torch.Tensor, torch.Tensor]


class LayerTurns(ActionTerm):
    """Puts the bodies where the script has them; see the config."""

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
