"""Metrics: numbers averaged over the episode and logged, without effect on training."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import MetricTermCfg
from genelab.managers.term import load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv
from genelab.utils.stateful import Stateful


class MetricManager(Stateful):
    """Averages metric terms over the episode.

        terms = {"lifted": MetricTermCfg(func=lifted, params={"asset": CUBE})}
        manager = MetricManager(terms, env)
        manager.compute()  # in each control step
        log = manager.reset(done, weights)  # {"Metrics/lifted": 0.4}, when episodes end

    Attributes:
        sums: Sums since the reset, `(num_terms, num_envs)`.
    """

    remembers = ("sums",)

    def __init__(self, cfg: dict[str, MetricTermCfg], env: TermEnv) -> None:
        self._env = env
        self._terms = [make_term(name, term, env, kind="metrics") for name, term in cfg.items()]
        self.sums = torch.zeros(len(self._terms), env.num_envs, device=env.device)

    @property
    def active_terms(self) -> list[str]:
        return [term.name for term in self._terms]

    def compute(self) -> None:
        for index, term in enumerate(self._terms):
            self.sums[index] += term(self._env)

    def reset(self, mask: torch.Tensor, weights: torch.Tensor) -> dict[str, torch.Tensor]:
        """Start anew; return the means of the finished episodes, for the log.

        Args:
            mask: Envs about to be reset, bool `(num_envs,)`.
            weights: One over their number in their rows, else zero, float `(num_envs,)`.
        """
        if not self._terms:
            return {}
        averaged = (self.sums / self._env.episode_length_buf.clamp(min=1)) @ weights
        self.sums.masked_fill_(mask, 0.0)
        for term in self._terms:
            term.reset(mask)
        return {f"Metrics/{name}": value for name, value in zip(self.active_terms, averaged.unbind(), strict=True)}

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "terms": terms_state(self._terms)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        load_terms_state(self._terms, state["terms"])
