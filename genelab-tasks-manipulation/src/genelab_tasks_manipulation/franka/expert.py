"""A scripted policy for pick-and-place: a state machine per env."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genelab.rl.expert import Expert
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv


APPROACH, DESCEND, CLOSE, LIFT, CARRY, HOLD = range(6)

GRASP_OFFSET = 0.092
"""Height of the hand's frame above the centre of a cube between the fingertips, m."""
HOVER = 0.08
"""Height above the grasp from which the hand descends, m."""
LIFTED = 0.22
"""Height of the hand at which it begins to carry, m."""
CLOSING_STEPS = 4
STEP = 0.05
"""What one unit of action means, m."""
LOST = 0.06
"""Distance of the cube from the grasp at which it counts as dropped, m."""


class PickAndPlaceExpert(Expert):
    """Goes above the cube, down, grasps it, lifts it and carries it to the goal; starts over if the cube slips away."""

    def __init__(self, env: VecEnv) -> None:
        super().__init__(env)
        self._robot, self._cube = self.env.scene["robot"], self.env.scene["cube"]
        self._hand = self._robot.find_links(("hand",))[0]
        self._phase = torch.zeros(self.env.num_envs, dtype=torch.long, device=self.env.device)
        self._waited = torch.zeros_like(self._phase)

    def __call__(self, observations: Any) -> torch.Tensor:
        hand, cube = self._robot.link_pos[:, self._hand], self._cube.root_pos
        goal = self.env.command_manager.get("goal")
        self._advance(hand, cube, goal)
        target = self._targets(hand, cube, goal)
        move = ((target - hand) / STEP).clamp(-1.0, 1.0)
        move = torch.where((self._phase == HOLD)[:, None], 0.5 * move, move)
        gripper = torch.where(self._phase < CLOSE, 1.0, -1.0)
        return torch.cat((move, gripper[:, None]), dim=1)

    def _targets(self, hand: torch.Tensor, cube: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """Return where the hand shall go in each phase, `(num_envs, 3)`."""
        grasp = _above(cube, GRASP_OFFSET)
        lifted = torch.cat((hand[:, :2], torch.full_like(hand[:, 2:], 0.3)), dim=1)
        place = _above(goal, GRASP_OFFSET)
        table = torch.stack((_above(grasp, HOVER), grasp, hand, lifted, place, place))
        return table[self._phase, torch.arange(len(hand), device=hand.device)]

    def _advance(self, hand: torch.Tensor, cube: torch.Tensor, goal: torch.Tensor) -> None:
        """Move each env to its next phase if the present one is done, and back to the first if the cube is lost."""
        aside = (hand - cube)[:, :2].norm(dim=1)
        height = hand[:, 2] - cube[:, 2] - GRASP_OFFSET
        self._waited = torch.where(self._phase == CLOSE, self._waited + 1, torch.zeros_like(self._waited))
        done = torch.stack(
            (
                (aside < 0.01) & ((height - HOVER).abs() < 0.016),
                (aside < 0.01) & (height < 0.008),
                self._waited > CLOSING_STEPS,
                hand[:, 2] > LIFTED,
                (cube - goal).norm(dim=1) < 0.045,
                torch.zeros_like(aside, dtype=torch.bool),
            )
        )
        self._phase = self._phase + done.gather(0, self._phase[None])[0].long()
        lost = (self._phase >= LIFT) & ((hand - _above(cube, GRASP_OFFSET)).norm(dim=1) > LOST)
        self._phase = self._phase.masked_fill(lost, APPROACH)

    def reset(self, done: torch.Tensor | None = None) -> None:
        over = torch.ones_like(self._phase, dtype=torch.bool) if done is None else done
        self._phase = self._phase.masked_fill(over, APPROACH)
        self._waited = self._waited.masked_fill(over, 0)

    def state_dict(self) -> dict[str, Any]:
        return {"phase": self._phase.clone(), "waited": self._waited.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._phase = state["phase"].to(self._phase.device, copy=True)
        self._waited = state["waited"].to(self._waited.device, copy=True)


def _above(place: torch.Tensor, height: float) -> torch.Tensor:
    """Return the point `height` (m) above `place`, `(num_envs, 3)`."""
    return torch.cat((place[:, :2], place[:, 2:] + height), dim=1)
