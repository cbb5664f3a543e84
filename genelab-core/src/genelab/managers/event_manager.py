"""Events: changes of the simulation at start-up, at resets and on timers."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.randomization import is_randomization
from genelab.config.terms import EventTermCfg
from genelab.managers.term import Term, load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv


class EventManager:
    """Runs event terms. A timer starts anew with each episode, so an episode depends on nothing before it.

        push = EventTermCfg(func=mdp.push_root, mode="interval", interval_s=(5.0, 10.0), params={"velocity": SIDEWARD})
        manager = EventManager({"push": push}, env)
        manager.startup()  # once
        manager.reset(done)  # when episodes end: restarts their timers
        manager.interval()  # in each control step: pushes the envs whose time has come

    Attributes:
        draws: What the terms reported about the episodes that run now, by `"<term>"` or `"<term>.<key>"`, float32
            `(num_envs,)`; NaN where a term has not fired in an episode.
    """

    def __init__(self, cfg: dict[str, EventTermCfg], env: TermEnv) -> None:
        self._env = env
        terms = [make_term(name, term, env, kind="events", positional=2) for name, term in cfg.items()]
        self._by_mode = {mode: [t for t in terms if t.cfg.mode == mode] for mode in ("startup", "reset", "interval")}
        everyone_now = torch.zeros(env.num_envs, dtype=torch.long, device=env.device)
        self._due_step = {term.name: everyone_now.clone() for term in self._by_mode["interval"]}
        self._earliest = {term.name: 0 for term in self._by_mode["interval"]}
        self.draws: dict[str, torch.Tensor] = {}
        self._reported: dict[str, set[str]] = {}

    @property
    def active_terms(self) -> dict[str, list[str]]:
        return {mode: [term.name for term in terms] for mode, terms in self._by_mode.items()}

    def startup(self) -> None:
        """Run the start-up terms for all envs."""
        everyone = torch.ones(self._env.num_envs, dtype=torch.bool, device=self._env.device)
        for term in self._by_mode["startup"]:
            self._run(term, everyone)

    def reset(self, mask: torch.Tensor) -> None:
        """Run the reset terms and restart the timers for the envs in `mask`, bool `(num_envs,)`.

        In evaluation, randomisation of the start-up is drawn anew for each episode: an episode may run in any env.
        """
        if self._env.random.evaluation:
            for term in self._by_mode["startup"]:
                if is_randomization(term.cfg.func):
                    self._run(term, mask)
        for term in self._by_mode["reset"]:
            self._run(term, mask)
        for term in self._by_mode["interval"]:
            self._restart(term, mask)
            for name in self._reported.get(term.name, ()):
                self.draws[name] = self.draws[name].masked_fill(mask, float("nan"))

    def interval(self) -> None:
        """Run the interval terms for the envs whose time has come."""
        now = self._env.common_step_counter
        for term in self._by_mode["interval"]:
            if now < self._earliest[term.name]:
                continue
            due = self._due_step[term.name] <= now
            self._run(term, due)
            self._restart(term, due)

    def _run(self, term: Term, mask: torch.Tensor) -> None:
        """Run a term and note what it reports: a dict of what it drew, `(num_envs,)` each, by key, or nothing."""
        drawn: dict[str, torch.Tensor] | None = term(self._env, mask)
        for key, values in (drawn or {}).items():
            name = f"{term.name}.{key}" if key else term.name
            self._reported.setdefault(term.name, set()).add(name)
            before = self.draws.get(name)
            if before is None:
                before = torch.full_like(values, float("nan"))
            self.draws[name] = torch.where(mask, values, before)

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
        draws = {name: values.clone() for name, values in self.draws.items()}
        return {"due_step": due_steps, "draws": draws, "terms": terms_state(self._terms())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, saved in state["due_step"].items():
            self._set_due_steps(name, saved.to(self._env.device, copy=True))
        self.draws = {name: saved.to(self._env.device, copy=True) for name, saved in state["draws"].items()}
        load_terms_state(self._terms(), state["terms"])
