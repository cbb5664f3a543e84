"""A vector environment of a handful of tensor operations, so that what a training adds to it can be measured."""

from __future__ import annotations

from typing import Any

import torch

from genelab.envs.vec_env import box_spaces
from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.testing.fake_task import fake_env_cfg

OBSERVATIONS, STATES, ACTIONS = 48, 60, 12


def term(dim: int) -> TermLayout:
    return TermLayout("x", dim, (1.0,) * dim, None)


class ToyVecEnv:
    """`x' = x + 0.1 a` in the first 12 of 48 numbers; the reward is minus the mean of their squares.

    Args:
        num_envs: Envs.
        max_episode_length: Time limit, control steps.
        together: All envs begin, and so time out, at the same step.
    """

    def __init__(self, num_envs: int, *, max_episode_length: int = 200, together: bool = False) -> None:
        self.num_envs, self.max_episode_length = num_envs, max_episode_length
        self.device, self.step_dt = torch.device("cpu"), 0.02
        self.cfg = fake_env_cfg(num_envs, max_episode_length=max_episode_length, history_length=1, strata={}, seed=0)
        self.raw_observations, self.step_observers = False, []
        widths = {"policy": OBSERVATIONS, "critic": STATES}
        groups = {name: GroupLayout(name, (term(dim),), 1) for name, dim in widths.items()}
        self.observation_layout = ObservationLayout(groups)
        self.action_dim = ACTIONS
        self.single_observation_space, self.single_action_space = box_spaces(self.observation_layout, ACTIONS)
        self._generator = torch.Generator().manual_seed(0)
        self._x = self._starts()
        limit = 1 if together else max_episode_length
        self.episode_length_buf = torch.randint(0, limit, (num_envs,), generator=self._generator)

    @property
    def unwrapped(self) -> ToyVecEnv:
        return self

    def reset(self, **options: Any) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        return self.get_observations(), {}

    def get_observations(self) -> dict[str, torch.Tensor]:
        padding = (0, STATES - OBSERVATIONS)
        return {"policy": self._x.clone(), "critic": torch.nn.functional.pad(self._x, padding)}

    def step(
        self, actions: torch.Tensor
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]:
        moved = 0.1 * actions.clamp(-1.0, 1.0)
        self._x = self._x + torch.nn.functional.pad(moved, (0, OBSERVATIONS - ACTIONS))
        self.episode_length_buf = self.episode_length_buf + 1
        reward = -self._x[:, :ACTIONS].square().mean(dim=1)
        terminated = self._x[:, 0].abs() > 3.0
        truncated = (self.episode_length_buf >= self.max_episode_length) & ~terminated
        done = terminated | truncated
        extras: dict[str, Any] = {"log": {"Toy/reward": reward.mean()}}
        if done.any():
            extras["final_obs"] = self.get_observations()
            self._x = torch.where(done[:, None], self._starts(), self._x)
            self.episode_length_buf = self.episode_length_buf.masked_fill(done, 0)
        return self.get_observations(), reward, terminated, truncated, extras

    def state_dict(self) -> dict[str, Any]:
        return {"x": self._x.clone(), "episode_length": self.episode_length_buf.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._x, self.episode_length_buf = state["x"].clone(), state["episode_length"].clone()

    def describe_actuation(self) -> None:
        return None

    def describe_deployment(self) -> None:
        return None

    def close(self) -> None:
        return None

    def _starts(self) -> torch.Tensor:
        return torch.randn(self.num_envs, OBSERVATIONS, generator=self._generator)
