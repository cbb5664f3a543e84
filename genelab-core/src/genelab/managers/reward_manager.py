"""Rewards: weighted sum of terms."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import RewardTermCfg
from genelab.managers.term import load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import GenelabError
from genelab.utils.names import unknown_name
from genelab.utils.stateful import Stateful

_FEW = 1024
"""Columns up to which one cumulative sum is faster than an addition per row (measured on a CPU)."""


class RewardManager(Stateful):
    """Computes the reward and keeps each term's sum over the episode.

        terms = {"alive": RewardTermCfg(func=mdp.rewards.alive, weight=1.0)}
        manager = RewardManager(terms, env, scale=env.step_dt, episode_length_s=20.0)
        reward = manager.compute()  # in each control step, (num_envs,)
        log = manager.reset(done, weights)  # {"Episode_Reward/alive": 0.97}, when episodes end

    Args:
        cfg: The task's reward terms by name.
        env: The environment.
        scale: Factor on all weights: the control step, s, for weights per second.
        episode_length_s: Time limit, s, by which the log divides.

    Attributes:
        values: Weighted values of the last step, `(num_terms, num_envs)`.
        episode_sums: Their sums since the reset, `(num_terms, num_envs)`.
    """

    remembers = ("_weights", "episode_sums")

    def __init__(self, cfg: dict[str, RewardTermCfg], env: TermEnv, *, scale: float, episode_length_s: float) -> None:
        self._env = env
        self._terms = [make_term(name, term, env, kind="rewards") for name, term in cfg.items()]
        self._names = [f"Episode_Reward/{name}" for name in cfg]
        self._factor, self._episode_length_s = scale, episode_length_s
        self._weights = torch.tensor([term.weight for term in cfg.values()], device=env.device)
        self._scale = (self._weights * self._factor)[:, None]
        self._zero = [term.weight == 0.0 for term in cfg.values()]
        self._nothing = torch.zeros(env.num_envs, device=env.device)
        self.values = torch.zeros(len(self._terms), env.num_envs, device=env.device)
        self.episode_sums = torch.zeros_like(self.values)

    @property
    def active_terms(self) -> list[str]:
        return [term.name for term in self._terms]

    def set_weight(self, name: str, weight: float) -> None:
        """Change a term's weight, as a curriculum does."""
        if name not in self.active_terms:
            raise unknown_name("reward term", name, self.active_terms)
        index = self.active_terms.index(name)
        self._weights[index], self._zero[index] = weight, weight == 0.0
        self._scale = (self._weights * self._factor)[:, None]

    def compute(self) -> torch.Tensor:
        """Return the reward of this step, `(num_envs,)`. A non-finite term makes it non-finite."""
        pairs = zip(self._terms, self._zero, strict=True)
        values = [self._nothing if zero else term(self._env) for term, zero in pairs]
        try:
            self.values = torch.stack(values).mul_(self._scale)
        except RuntimeError:
            self._explain_shapes(values)
            raise
        self.episode_sums += self.values
        return _sum_in_order(self.values)

    def _explain_shapes(self, values: list[torch.Tensor]) -> None:
        for term, value in zip(self._terms, values, strict=True):
            if value.shape != self._nothing.shape:
                raise GenelabError(
                    f"reward term {term.name!r} returned shape {tuple(value.shape)}",
                    fix=f"return {tuple(self._nothing.shape)}",
                )

    def reset(self, mask: torch.Tensor, weights: torch.Tensor) -> dict[str, torch.Tensor]:
        """Start new sums; return each term's mean per second, for the log.

        Args:
            mask: Envs about to be reset, bool `(num_envs,)`.
            weights: One over their number in their rows, else zero, float `(num_envs,)`.
        """
        mean = (self.episode_sums @ weights).div_(self._episode_length_s)
        self.episode_sums.masked_fill_(mask, 0.0)
        for term in self._terms:
            term.reset(mask)
        return dict(zip(self._names, mean.unbind(), strict=True))

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "terms": terms_state(self._terms)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._zero = [weight == 0.0 for weight in self._weights.tolist()]
        self._scale = (self._weights * self._factor)[:, None]
        load_terms_state(self._terms, state["terms"])


def _sum_in_order(values: torch.Tensor) -> torch.Tensor:
    """Return the sum over the first dimension, adding one row after the other.

    `torch.sum` picks an order by the number of columns: an env's reward would depend on how many envs run beside it.
    Both ways add in float64, as `cumsum` does on a CPU.
    """
    if values.is_cuda or values.shape[1] <= _FEW:
        return values.cumsum(dim=0)[-1]
    total = values[0].double()
    for row in values[1:].unbind():
        total += row
    return total.float()
