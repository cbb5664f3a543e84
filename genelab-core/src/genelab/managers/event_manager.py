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
        everyone_now = torch.zeros(env.num_envs, dtype=torch.long, device=env.device)
        self._due_step = {term.name: everyone_now.clone() for term in self._by_mode["interval"]}
        self._earliest = {term.name: 0 for term in self._by_mode["interval"]}

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

    def interval(self) -> None:
        """Run the interval terms for the envs whose time has come."""
        now = self._env.common_step_counter
        for term in self._by_mode["interval"]:
            if now < self._earliest[term.name]:
                continue
            due = self._due_step[term.name] <= now
            term(self._env, due)
            self._restart(term, due)

    def _restart(self, term: Term, mask: torch.Tensor) -> None:
        """Draw the next time for the envs in `mask`."""
        env, (low, high) = self._env, term.cfg.interval_s
        wait = env.random.uniform(f"timer/{term.name}", 1, mask, low=low, high=high)[:, 0]
        steps = env.common_step_counter + (wait / env.step_dt).ceil().long()
        self._set_due_steps(term.name, torch.where(mask, steps, self._due_step[term.name]))

    def _set_due_steps(self, name: str, due_step: torch.Tensor) -> None:
        """On a CPU also note the earliest, so that steps without an event cost nothing; a GPU would have to wait."""
        self._due_step[name] = due_step
        self._earliest[name] = int(due_step.min()) if self._env.device.type == "cpu" else 0

    def _terms(self) -> list[Term]:
        return [term for terms in self._by_mode.values() for term in terms]

    def state_dict(self) -> dict[str, Any]:
        due_steps = {name: due_step.clone() for name, due_step in self._due_step.items()}
        return {"due_step": due_steps, "terms": terms_state(self._terms())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, saved in state["due_step"].items():
            self._set_due_steps(name, saved.to(self._env.device, copy=True))
        load_terms_state(self._terms(), state["terms"])
