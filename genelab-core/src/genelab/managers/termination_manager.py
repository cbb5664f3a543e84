"""Terminations: when an episode ends, and whether that was the time limit."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import TerminationTermCfg
from genelab.managers.term import load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv


class TerminationManager:
    """Computes termination terms, apart by whether an episode ends for good or is out of time.

        terms = {"time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True)}
        manager = TerminationManager(terms, env)
        manager.compute()  # in each control step, before the rewards
        done = manager.terminated | manager.truncated

    Attributes:
        values: The terms of the last step, bool `(num_envs,)` each.
        terminated: Envs that ended for good, bool `(num_envs,)`.
        truncated: Envs that ran out of time, bool `(num_envs,)`. Both may be true at once.
    """

    def __init__(self, cfg: dict[str, TerminationTermCfg], env: TermEnv) -> None:
        self._env = env
        self._terms = [make_term(name, term, env, kind="terminations") for name, term in cfg.items()]
        self._names = [term.name for term in self._terms]
        self._time_out = [term.time_out for term in cfg.values()]
        self._none = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)
        self.values = [self._none] * len(self._terms)
        self.terminated = self.truncated = self._none

    @property
    def active_terms(self) -> list[str]:
        return self._names

    def describe(self) -> dict[str, Any]:
        """Return what each term computes and from what, as plain values."""
        pairs = zip(self._terms, self._time_out, strict=True)
        return {term.name: {**term.describe(), "time_out": time_out} for term, time_out in pairs}

    def compute(self) -> None:
        """Evaluate all terms."""
        self.values = [term(self._env) for term in self._terms]
        terminated = truncated = self._none
        for value, time_out in zip(self.values, self._time_out, strict=True):
            if time_out:
                truncated = truncated | value
            else:
                terminated = terminated | value
        self.terminated, self.truncated = terminated, truncated

    def by_name(self) -> dict[str, torch.Tensor]:
        """Return the terms of the last step, bool `(num_envs,)` each."""
        return dict(zip(self._names, self.values, strict=True))

    def reset(self, mask: torch.Tensor, weights: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the share of envs that each term ended, for the log.

        Args:
            mask: Envs about to be reset, bool `(num_envs,)`.
            weights: One over their number in their rows, else zero, float `(num_envs,)`.
        """
        for term in self._terms:
            term.reset(mask)
        if not self._terms:
            return {}
        share = torch.stack(self.values).to(torch.float32) @ weights
        return {f"Episode_Termination/{name}": value for name, value in zip(self._names, share.unbind(), strict=True)}

    def state_dict(self) -> dict[str, Any]:
        return {"terms": terms_state(self._terms)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        load_terms_state(self._terms, state["terms"])
