"""A goal-conditioned vector environment without physics, for hindsight experience replay and demonstrations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genelab.config import ManagerBasedRlEnvCfg, ObservationGroupCfg, SimulationCfg
from genelab.envs.vec_env import Observation, Step, StepView, box_spaces
from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout

WIDTHS = {"desired_goal": 2, "observation": 3, "achieved_goal": 2}  # not in the order in which actors read them
STEP_DT = 0.1
"""Control step, s."""
REACHED = 0.2
"""Distance from the goal that counts as reached."""
STEP = 0.4
"""How far an action of 1 moves the point."""


def sparse_reward(achieved: torch.Tensor, desired: torch.Tensor, info: dict[str, Any]) -> torch.Tensor:
    """Return -1 until the goal is reached, then 0."""
    return -((achieved - desired).norm(dim=-1) > REACHED).float()


class GoalEnv:
    """Move a point in the square ±1 to a goal that each episode draws; every episode lasts `max_episode_length`.

    Args:
        num_envs: Envs.
        max_episode_length: Time limit, control steps.
        seed: Seed of starts and goals.

    Attributes:
        position: Where the points are, `(num_envs, 2)`.
        goal: Where they shall be, `(num_envs, 2)`.
    """

    def __init__(self, num_envs: int = 8, max_episode_length: int = 8, seed: int = 0) -> None:
        self.num_envs, self.max_episode_length = num_envs, max_episode_length
        self.device = torch.device("cpu")
        self.step_dt = STEP_DT
        self.raw_observations = False
        self.step_observers: list[Callable[[StepView], None]] = []
        self.cfg = _config(num_envs, max_episode_length)
        self.action_dim = 2
        self.observation_layout = ObservationLayout(
            {
                name: GroupLayout(name, (TermLayout("position" if width == 2 else "state", width, (1.0,) * width),))
                for name, width in WIDTHS.items()
            }
        )
        self.single_observation_space, self.single_action_space = box_spaces(self.observation_layout, 2)
        self.generator = torch.Generator().manual_seed(seed)
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long)
        self.position = self.goal = torch.zeros(num_envs, 2)

    @property
    def unwrapped(self) -> GoalEnv:
        return self

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin new episodes in all envs."""
        if seed is not None:
            self.generator.manual_seed(seed)
        self._start()
        return self.get_observations(), {"init_hash": self._hashes()}

    def step(self, actions: torch.Tensor) -> Step:
        """Move the points by `actions`, `(num_envs, 2)`; the episodes of all envs end together."""
        self.position = (self.position + STEP * actions).clamp(-1.0, 1.0)
        self.episode_length_buf = self.episode_length_buf + 1
        reward = sparse_reward(self.position, self.goal, {})
        truncated = self.episode_length_buf >= self.max_episode_length
        never = torch.zeros_like(truncated)
        extras: dict[str, Any] = {
            "is_success": reward == 0.0,
            "nan_reset": never,
            "termination_terms": {"time_out": truncated},
        }
        for observe in self.step_observers:
            observe(StepView(self, actions, reward, never, truncated, extras["is_success"]))
        if truncated.any():
            extras["final_obs"] = self.get_observations()
            self._start()
            extras["init_hash"] = dict(enumerate(self._hashes()))
        return self.get_observations(), reward, never, truncated, extras

    def get_observations(self) -> Observation:
        """Return the groups: position and progress of the episode, position, goal."""
        progress = (self.episode_length_buf / self.max_episode_length)[:, None].float()
        return {
            "desired_goal": self.goal.clone(),
            "observation": torch.cat([self.position, progress], dim=1),
            "achieved_goal": self.position.clone(),
        }

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return all that the next steps depend on."""
        return {
            "position": self.position.clone(),
            "goal": self.goal.clone(),
            "steps": self.episode_length_buf.clone(),
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Restore what `state_dict` returned."""
        self.position, self.goal = state["position"].clone(), state["goal"].clone()
        self.episode_length_buf = state["steps"].clone()
        self.generator.set_state(state["generator"])

    def render(self, index: int = 0) -> np.ndarray:
        raise NotImplementedError("the points are not drawn")

    def describe_actuation(self) -> None:
        return None

    def describe_deployment(self) -> None:
        return None

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _hashes(self) -> list[str]:
        return [str(row.tolist()) for row in torch.cat((self.position, self.goal), dim=1)]

    def _start(self) -> None:
        draws = 2.0 * torch.rand(self.num_envs, 4, generator=self.generator) - 1.0
        self.position, self.goal = draws[:, :2], draws[:, 2:]
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long)


def _config(num_envs: int, max_episode_length: int) -> ManagerBasedRlEnvCfg:
    """Return what an environment of these groups is built from; only its shape is read."""
    groups = {name: ObservationGroupCfg(terms={}) for name in WIDTHS}
    simulation = SimulationCfg(dt=STEP_DT, num_envs=num_envs)
    return ManagerBasedRlEnvCfg(
        simulation=simulation, decimation=1, episode_length_s=max_episode_length * STEP_DT, observations=groups
    )


def record_demonstrations(path: Path, num_envs: int = 8) -> Path:
    """Write demonstrations of an episode and a half that go straight to the goal."""
    env = GoalEnv(num_envs)
    observations, _ = env.reset()
    rows: list[dict[str, torch.Tensor]] = []
    for _ in range(env.max_episode_length * 3 // 2):
        actions = ((env.goal - env.position) / STEP).clamp(-1, 1)
        after, reward, _, truncated, extras = env.step(actions)
        row = {f"obs_{name}": value for name, value in observations.items()}
        row |= {f"next_obs_{name}": value for name, value in extras.get("final_obs", after).items()}
        rows.append(row | {"actions": actions, "rewards": reward, "dones": truncated, "truncateds": truncated})
        observations = after
    arrays: dict[str, Any] = {name: torch.stack([row[name] for row in rows]).numpy() for name in rows[0]}
    np.savez(path, **arrays)
    return path
