"""Events: changes of the simulation at start-up, at resets and on timers."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import EventTermCfg
from genelab.managers.term import Term, load_terms_state, make_term, terms_state


class EventManager:
    """Runs event terms. A timer starts anew with each episode, so an episode depends on nothing before it."""

    def __init__(self, cfg: dict[str, EventTermCfg], env: Any) -> None:
        self._env = env
        terms = [make_term(name, term, env, kind="events", positional=2) for name, term in cfg.items()]
        self._by_mode = {mode: [t for t in terms if t.cfg.mode == mode] for mode in ("startup", "reset", "interval")}
        self._time_left = {
            term.name: torch.zeros(env.num_envs, device=env.device) for term in self._by_mode["interval"]
        }

    @property
    def active_terms(self) -> dict[str, list[str]]:
        return {mode: [term.name for term in terms] for mode, terms in self._by_mode.items()}

    def startup(self) -> None:
        """Run the start-up terms for all envs."""
        everyone = torch.ones(self._env.num_envs, dtype=torch.bool, device=self._env.device)
        for term in self._by_mode["startup"]:
            term(self._env, everyone)

    def reset(self, mask: torch.Tensor) -> None:
        """Run the reset terms and restart the timers for the envs in `mask`, bool `(num_envs,)`."""
        for term in self._by_mode["reset"]:
            term(self._env, mask)
        for term in self._by_mode["interval"]:
            self._restart(term, mask)

    def interval(self, dt: float) -> None:
        """Advance the timers by `dt` seconds and run the terms that are due."""
        for term in self._by_mode["interval"]:
            time_left = self._time_left[term.name]
            time_left -= dt
            due = time_left <= 0.0
            if self._env.nobody(due):
                continue
            term(self._env, due)
            self._restart(term, due)

    def _restart(self, term: Term, mask: torch.Tensor) -> None:
        low, high = term.cfg.interval_s
        drawn = self._env.random.uniform(f"timer/{term.name}", 1, mask, low=low, high=high)[:, 0]
        self._time_left[term.name] = torch.where(mask, drawn, self._time_left[term.name])

    def _terms(self) -> list[Term]:
        return [term for terms in self._by_mode.values() for term in terms]

    def state_dict(self) -> dict[str, Any]:
        timers = {name: time_left.clone() for name, time_left in self._time_left.items()}
        return {"time_left": timers, "terms": terms_state(self._terms())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, saved in state["time_left"].items():
            self._time_left[name] = saved.to(self._env.device, copy=True)
        load_terms_state(self._terms(), state["terms"])
