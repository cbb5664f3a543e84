"""Observations: terms to groups, with noise, latency, history, scale and clip."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.terms import ObservationGroupCfg, ObservationTermCfg
from genelab.managers.delay import DelayBuffer
from genelab.managers.observation_group import ObservationGroup
from genelab.managers.observation_layout import ObservationLayout
from genelab.managers.term import Term, load_terms_state, make_term, terms_state
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import GenelabError


class ObservationManager:
    """Computes all groups. A term that several groups ask for in the same way is computed once.

        terms = {"joint_pos": ObservationTermCfg(func=mdp.observations.joint_pos_rel, scale=0.5)}
        manager = ObservationManager({"policy": ObservationGroupCfg(terms=terms)}, env)
        raw = manager.compute()  # in each control step: {"policy": (num_envs, dim)}
        observations = manager.scale(raw)

    Attributes:
        layout: What each group is made of.
    """

    def __init__(self, cfg: dict[str, ObservationGroupCfg], env: TermEnv) -> None:
        self._env = env
        self._terms: list[Term] = []
        self._groups: dict[str, ObservationGroup] = {}
        for name, group in cfg.items():
            indices = [self._shared_term(term_name, term) for term_name, term in group.terms.items()]
            dims = [self._value(index).shape[1] for index in indices]
            self._groups[name] = ObservationGroup(name, group, indices, dims, env)
        self.layout = ObservationLayout({name: group.layout for name, group in self._groups.items()})

    def _shared_term(self, name: str, cfg: ObservationTermCfg) -> int:
        """Return the index of a term among the distinct ones, adding it if it is new."""
        for index, term in enumerate(self._terms):
            if (term.cfg.func, term.cfg.params) == (cfg.func, cfg.params):
                return index
        self._terms.append(make_term(name, cfg, self._env, kind="observations"))
        return len(self._terms) - 1

    def _value(self, index: int) -> torch.Tensor:
        """Compute one distinct term, `(num_envs, dim)`."""
        term = self._terms[index]
        value = term(self._env)
        if value.shape[0] != self._env.num_envs or value.dim() > 2:
            raise GenelabError(
                f"observation term {term.name!r} returned shape {tuple(value.shape)}",
                fix=f"return ({self._env.num_envs},) or ({self._env.num_envs}, dim)",
            )
        return value[:, None] if value.dim() == 1 else value

    def compute(self, *, advance: bool = True, reset: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """Return fresh observations by group before scale and clip, float32 `(num_envs, dim)`.

        Args:
            advance: Push a new frame into histories and delays; `False` replaces the newest one, with the same noise.
            reset: Envs that were just reset, bool `(num_envs,)`: their past is filled with the present.
        """
        values = [self._value(index) for index in range(len(self._terms))]
        return {name: group.compute(values, advance=advance, reset=reset) for name, group in self._groups.items()}

    def scale(self, raw: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return what `compute` returned, scaled and clipped."""
        return {name: self._groups[name].scale(value) for name, value in raw.items()}

    def describe(self) -> dict[str, Any]:
        """Return what each term of each group computes and from what, as plain values."""
        return {
            name: {
                term_name: {**self._terms[index].describe(), "latency": list(group.cfg.terms[term_name].latency)}
                for term_name, index in zip(group.cfg.terms, group.indices, strict=True)
            }
            for name, group in self._groups.items()
        }

    def delays(self) -> dict[str, DelayBuffer]:
        """Return the delays of the terms that have one, by `"<group>/<term>"`."""
        return {delay.name: delay for group in self._groups.values() for delay in group.delays.values()}

    def reset(self, mask: torch.Tensor) -> None:
        for term in self._terms:
            term.reset(mask)
        for group in self._groups.values():
            for delay in group.delays.values():
                delay.reset(mask)

    def state_dict(self) -> dict[str, Any]:
        groups = {name: group.state_dict() for name, group in self._groups.items()}
        return {"terms": terms_state(self._terms), "groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        load_terms_state(self._terms, state["terms"])
        for name, group in self._groups.items():
            group.load_state_dict(state["groups"][name])
