"""Curricula: the task gets harder as the policy gets better."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import CurriculumTermCfg
from genelab.managers.term import load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv


class CurriculumManager:
    """Runs curriculum terms just before envs are reset.

    terms = {"levels": CurriculumTermCfg(func=mdp.curricula.terrain_levels, params={"command": "twist"})}
    manager = CurriculumManager(terms, env)
    log = manager.compute(done)  # {"Curriculum/levels/mean": 3.2}, when episodes end
    """

    def __init__(self, cfg: dict[str, CurriculumTermCfg], env: TermEnv) -> None:
        self._env = env
        self._terms = [make_term(name, term, env, kind="curriculum", positional=2) for name, term in cfg.items()]

    @property
    def active_terms(self) -> list[str]:
        return [term.name for term in self._terms]

    def compute(self, mask: torch.Tensor) -> dict[str, torch.Tensor | float]:
        """Run the terms for the envs about to reset; return what they report, for the log."""
        log: dict[str, torch.Tensor | float] = {}
        for term in self._terms:
            value = term(self._env, mask)
            if isinstance(value, dict):
                log.update({f"Curriculum/{term.name}/{key}": item for key, item in value.items()})
            elif value is not None:
                log[f"Curriculum/{term.name}"] = value
        return log

    def state_dict(self) -> dict[str, Any]:
        return {"terms": terms_state(self._terms)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        load_terms_state(self._terms, state["terms"])
