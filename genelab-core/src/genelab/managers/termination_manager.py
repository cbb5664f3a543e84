"""Terminations: when an episode ends, and whether that was the time limit."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import TerminationTermCfg
from genelab.managers.term import load_terms_state, make_term, terms_state


class TerminationManager:
    """Computes termination terms.

    Attributes:
        values: The terms of the last step, bool `(num_terms, num_envs)`.
        terminated: Envs that ended for good, bool `(num_envs,)`.
        truncated: Envs that ran out of time, bool `(num_envs,)`. Both may be true at once.
    """

    def __init__(self, cfg: dict[str, TerminationTermCfg], env: Any) -> None:
        self._env = env
        self._terms = [make_term(name, term, env, kind="terminations") for name, term in cfg.items()]
        self._time_out = [term.time_out for term in cfg.values()]
        self.values = torch.zeros(len(self._terms), env.num_envs, dtype=torch.bool, device=env.device)
        self._none = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)
        self.terminated = self.truncated = self._none

    @property
    def active_terms(self) -> list[str]:
        return [term.name for term in self._terms]

    def compute(self) -> None:
        """Evaluate all terms."""
        self.values = torch.empty_like(self.values)
        terminated, truncated = self._none, self._none
        for index, term in enumerate(self._terms):
            value = term(self._env)
            self.values[index] = value
            if self._time_out[index]:
                truncated = truncated | value
            else:
                terminated = terminated | value
        self.terminated, self.truncated = terminated, truncated

    def by_name(self) -> dict[str, torch.Tensor]:
        """Return the terms of the last step, bool `(num_envs,)` each."""
        return dict(zip(self.active_terms, self.values.unbind(), strict=True))

    def reset(self, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the share of the envs in `mask` that each term ended, for the log."""
        weights = mask.to(torch.float32)
        share = (self.values.to(torch.float32) @ weights) / weights.sum().clamp(min=1.0)
        for term in self._terms:
            term.reset(mask)
        return {
            f"Episode_Termination/{name}": value for name, value in zip(self.active_terms, share.unbind(), strict=True)
        }

    def state_dict(self) -> dict[str, Any]:
        return {"terms": terms_state(self._terms)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        load_terms_state(self._terms, state["terms"])
