"""A replay memory that gives transitions the goals that were reached later (hindsight experience replay)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from genelab.managers.observation_layout import ObservationLayout
from genelab.utils.errors import GenelabError
from genelab_backend_skrl.config import SkrlAgentCfg, SkrlHerCfg
from genelab_backend_skrl.library import RandomMemory


@dataclass(frozen=True)
class GoalColumns:
    """Where a flat input holds the observation proper, what has been reached, and what is asked for."""

    observation: slice
    achieved: slice
    desired: slice


def goal_columns(layout: ObservationLayout, groups: tuple[str, ...], her: SkrlHerCfg) -> GoalColumns:
    """Return the columns of HER's groups among `groups`, which lie side by side."""
    columns, start = {}, 0
    for name in groups:
        columns[name] = slice(start, start + layout.groups[name].dim)
        start += layout.groups[name].dim
    return GoalColumns(*(columns[name] for name in her.groups))


class HindsightMemory(RandomMemory):
    """Draws transitions of ended episodes and gives most of them the goal of a state that followed.

    All is done on the memory's device, for the whole batch at once. Where the memory has come round, an episode that
    is partly overwritten has kept its end: what it still holds can be drawn.

    Args:
        columns: Where the goals are, for each of the inputs `observations` and `states`.
        cfg: The agent.
        options: Of the library's memory.

    Attributes:
        running: Steps of each env's present episode, `(num_envs,)`.
    """

    def __init__(self, columns: dict[str, GoalColumns], cfg: SkrlAgentCfg, **options: Any) -> None:
        super().__init__(**options)
        self._columns = columns
        self._share = 1.0 - 1.0 / (cfg.her.n_sampled_goal + 1)
        assert cfg.her.compute_reward is not None
        self._compute_reward: Callable[..., torch.Tensor] = cfg.her.compute_reward
        self._relabel_observation: Callable[..., torch.Tensor] | None = cfg.her.relabel_observation
        self.running = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self.create_tensor("followers", size=1, dtype=torch.int32)

    @property
    def followers(self) -> torch.Tensor:
        """Transitions that follow in the same episode, `(memory_size, num_envs)`; -1 while the episode runs."""
        return self.tensors["followers"][..., 0]

    def add_samples(self, **tensors: Any) -> None:
        """Store a transition of each env; `end_episodes` says afterwards where an episode ended with it."""
        self.followers[self.memory_index] = -1
        self.running += 1
        super().add_samples(**tensors)

    def end_episodes(self, done: torch.Tensor) -> None:
        """Let the episodes of the envs in `done`, `(num_envs,)`, end with the transition stored last."""
        envs = done.nonzero()[:, 0]
        if not len(envs):
            return
        lengths = self.running[envs].clamp(max=self.memory_size)
        back = torch.arange(int(lengths.max()), dtype=torch.int32, device=self.device)[:, None]
        rows = (self.memory_index - 1 - back) % self.memory_size
        self.followers[rows, envs] = torch.where(back < lengths, back, self.followers[rows, envs])
        self.running[envs] = 0

    def sample(
        self, names: list[str], *, batch_size: int, mini_batches: int = 1, sequence_length: int = 1
    ) -> list[list[Any]]:
        """Return one batch, the tensors `(batch_size, dim)` in the order of `names`; most have other goals."""
        assert mini_batches == sequence_length == 1  # all that the library's off-policy agents ask for
        drawn = self._draw(batch_size)
        batch = dict(zip(names, self.sample_by_index(names, indexes=drawn)[0], strict=True))
        self._relabel(batch, drawn[: int(self._share * batch_size)])
        return [[batch[name] for name in names]]

    def _draw(self, count: int) -> torch.Tensor:
        """Draw transitions of ended episodes; return their places among all, `(count,)`."""
        followers = self.tensors_view["followers"][: len(self), 0]
        drawn = torch.randint(len(followers), (count,), device=self.device)
        invalid = followers[drawn] < 0
        if 2 * int(invalid.sum()) > count:
            valid = (followers >= 0).nonzero()[:, 0]
            if not len(valid):
                raise GenelabError("no episode has ended yet: there is nothing to relabel")
            return valid[torch.randint(len(valid), (count,), device=self.device)]
        while bool(invalid.any()):
            again = torch.randint(len(followers), (count,), device=self.device)
            drawn = torch.where(invalid, again, drawn)
            invalid = followers[drawn] < 0
        return drawn

    def _relabel(self, batch: dict[str, torch.Tensor], drawn: torch.Tensor) -> None:
        """Give the transitions that were `drawn` first other goals, and the rewards that belong to them, in place."""
        count = len(drawn)
        followers = self.tensors_view["followers"][drawn, 0]
        later = (torch.rand(count, device=self.device) * (followers + 1)).long()
        rows, envs = drawn // self.num_envs, drawn % self.num_envs
        reached = self._columns["observations"].achieved
        goals = self.tensors["next_observations"][(rows + later) % self.memory_size, envs][:, reached]
        for kind, columns in self._columns.items():
            for name in (kind, f"next_{kind}"):
                self._replace(batch[name][:count], columns, goals)
        batch["rewards"][:count, 0] = self._compute_reward(batch["next_observations"][:count, reached], goals, {})

    def _replace(self, part: torch.Tensor, columns: GoalColumns, goals: torch.Tensor) -> None:
        """Replace the goals of inputs `(count, dim)`, in place."""
        if self._relabel_observation is not None:
            old = part[:, columns.desired].clone()
            part[:, columns.observation] = self._relabel_observation(part[:, columns.observation], old, goals)
        part[:, columns.desired] = goals
