"""The replay buffer of hindsight experience replay, without the work that the library's own does per sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.type_aliases import DictReplayBufferSamples


class HindsightBuffer(HerReplayBuffer):
    """Samples uniformly from whole episodes and gives most transitions the goal of a state that followed.

    The library lists all valid transitions anew for each sample, which for a million of them takes longer than a
    gradient step on a GPU. Here invalid draws (of episodes that still run) are drawn again: the same distribution at
    the cost of the batch.

    Args:
        relabel_observation: `func(observation, old_goal, new_goal) -> observation`, float32 tensors `(batch, dim)`, for
            tasks whose observation proper speaks of the goal, too.
    """

    def __init__(
        self,
        *args: Any,
        relabel_observation: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._relabel_observation = relabel_observation

    def sample(self, batch_size: int, env: Any = None) -> DictReplayBufferSamples:
        """Return a batch, of which the first `her_ratio` have other goals."""
        rows, envs = self._draw(batch_size)
        before = {key: values[rows, envs] for key, values in self.observations.items()}
        after = {key: values[rows, envs] for key, values in self.next_observations.items()}
        rewards = self.rewards[rows, envs]
        self._relabel(before, after, rewards, rows, envs)
        return DictReplayBufferSamples(
            observations=self._tensors(before),
            actions=self.to_torch(self.actions[rows, envs]),
            next_observations=self._tensors(after),
            dones=self.to_torch(self.dones[rows, envs] * (1 - self.timeouts[rows, envs]))[:, None],
            rewards=self.to_torch(rewards)[:, None],
        )

    def _tensors(self, arrays: dict[str, np.ndarray]) -> Any:
        return {key: self.to_torch(values) for key, values in arrays.items()}

    def _draw(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw transitions of whole episodes; return their rows and envs, `(count,)` each."""
        filled = self.buffer_size if self.full else self.pos
        lengths = self.ep_length[:filled].reshape(-1)
        drawn = np.random.randint(lengths.size, size=count)
        invalid = lengths[drawn] == 0
        if invalid.mean() > 0.5:
            valid = np.flatnonzero(lengths)
            if not valid.size:
                raise RuntimeError("no episode has ended yet: there is nothing to relabel")
            drawn, invalid = np.random.choice(valid, size=count), np.zeros(count, dtype=bool)
        while invalid.any():
            drawn[invalid] = np.random.randint(lengths.size, size=int(invalid.sum()))
            invalid = lengths[drawn] == 0
        rows, envs = np.unravel_index(drawn, (filled, self.n_envs))
        return rows, envs

    def _relabel(
        self,
        before: dict[str, np.ndarray],
        after: dict[str, np.ndarray],
        rewards: np.ndarray,
        rows: np.ndarray,
        envs: np.ndarray,
    ) -> None:
        """Give the first `her_ratio` of a batch other goals, and the rewards that belong to them, in place."""
        count = int(self.her_ratio * len(rows))
        if count == 0:
            return
        goals = self._sample_goals(rows[:count], envs[:count])
        old = before["desired_goal"][:count].copy()
        for part in (before, after):
            part["desired_goal"][:count] = goals
            if self._relabel_observation is not None:
                tensors = (torch.from_numpy(values) for values in (part["observation"][:count], old, goals))
                part["observation"][:count] = self._relabel_observation(*tensors).numpy()
        assert self.env is not None
        rewards[:count] = self.env.env_method("compute_reward", after["achieved_goal"][:count], goals, [])[0]
