"""Observations: terms to groups, with noise, latency, history, scale and clip."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.noise import GaussianNoise, UniformNoise
from genelab.config.terms import ObservationGroupCfg, ObservationTermCfg
from genelab.envs.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.managers.delay import DelayBuffer
from genelab.managers.term import Term, load_terms_state, make_term, terms_state
from genelab.utils.errors import GenelabError, UsageError


class ObservationManager:
    """Computes all groups. A term that several groups ask for in the same way is computed once.

    Attributes:
        layout: What each group is made of.
    """

    def __init__(self, cfg: dict[str, ObservationGroupCfg], env: Any) -> None:
        self._env = env
        self._terms: list[Term] = []
        self._groups = {name: _Group(name, group, self, env) for name, group in cfg.items()}
        self.layout = ObservationLayout({name: group.layout for name, group in self._groups.items()})

    def shared_term(self, name: str, cfg: ObservationTermCfg) -> int:
        """Return the index of a term among the distinct ones, adding it if it is new."""
        for index, term in enumerate(self._terms):
            if (term.cfg.func, term.cfg.params) == (cfg.func, cfg.params):
                return index
        self._terms.append(make_term(name, cfg, self._env, kind="observations"))
        return len(self._terms) - 1

    def value(self, index: int) -> torch.Tensor:
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
            advance: Push a new frame into histories and delays; `False` replaces the newest one.
            reset: Envs that were just reset, bool `(num_envs,)`: their past is filled with the present.
        """
        values = [self.value(index) for index in range(len(self._terms))]
        return {name: group.compute(values, advance, reset) for name, group in self._groups.items()}

    def scale(self, raw: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return what `compute` returned, scaled and clipped."""
        return {name: self._groups[name].scale(value) for name, value in raw.items()}

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


class _Group:
    """One group: frames are kept raw, scale and clip come last, all elements at once."""

    def __init__(self, name: str, cfg: ObservationGroupCfg, manager: ObservationManager, env: Any) -> None:
        if not cfg.terms:
            raise UsageError(f"observation group {name!r} has no term", where="observations")
        self.name, self._env = name, env
        device = env.device
        self._indices = [manager.shared_term(term_name, term) for term_name, term in cfg.terms.items()]
        dims = [manager.value(index).shape[1] for index in self._indices]
        terms = tuple(
            TermLayout(term_name, dim, _scale_of(term, dim, f"observations.{name}.terms.{term_name}"), term.clip)
            for (term_name, term), dim in zip(cfg.terms.items(), dims, strict=True)
        )
        self.layout = GroupLayout(name, terms, cfg.history_length)
        self.delays = {
            position: DelayBuffer(f"{name}/{term_name}", term.latency, env.num_envs, dims[position], env.random)
            for position, (term_name, term) in enumerate(cfg.terms.items())
            if term.latency != (0, 0)
        }
        self._noise = _Noise(name, cfg, dims, env) if cfg.corrupt else None
        scale = torch.tensor(self.layout.scale(), device=device)
        self._scale = scale if bool((scale != 1.0).any()) else None
        clips = self.layout.clip()
        infinity = float("inf")
        self._clip = None
        if any(clip is not None for clip in clips):
            low = torch.tensor([clip[0] if clip else -infinity for clip in clips], device=device)
            high = torch.tensor([clip[1] if clip else infinity for clip in clips], device=device)
            self._clip = (low, high)
        self._history = torch.zeros(env.num_envs, cfg.history_length, self.layout.frame_dim, device=device)

    def compute(self, values: list[torch.Tensor], advance: bool, reset: torch.Tensor | None) -> torch.Tensor:
        parts = [values[index] for index in self._indices]
        for position, delay in self.delays.items():
            delayed = delay.push(parts[position], advance=advance)
            parts[position] = delayed if reset is None else delay.refill(parts[position], reset)
        frame = torch.cat(parts, dim=1)
        if self._noise is not None:
            frame = self._noise.add_to(frame)
        if self.layout.history_length > 1:
            frame = self._stack(frame, advance, reset)
        return frame

    def scale(self, frame: torch.Tensor) -> torch.Tensor:
        if self._scale is not None:
            frame = frame * self._scale
        return frame if self._clip is None else frame.clamp(*self._clip)

    def _stack(self, frame: torch.Tensor, advance: bool, reset: torch.Tensor | None) -> torch.Tensor:
        if advance:
            self._history = torch.cat((self._history[:, 1:], frame[:, None]), dim=1)
        else:
            self._history = torch.cat((self._history[:, :-1], frame[:, None]), dim=1)
        if reset is not None:
            self._history = torch.where(reset[:, None, None], frame[:, None], self._history)
        return self._history.flatten(1)

    def state_dict(self) -> dict[str, Any]:
        return {"history": self._history.clone(), "delays": [delay.state_dict() for delay in self.delays.values()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._history = state["history"].to(self._history.device, copy=True)
        for delay, saved in zip(self.delays.values(), state["delays"], strict=True):
            delay.load_state_dict(saved)


class _Noise:
    """The noise of all terms of a group in one draw per model."""

    def __init__(self, name: str, cfg: ObservationGroupCfg, dims: list[int], env: Any) -> None:
        self._name, self._env, self._dim = name, env, sum(dims)
        low, high, std, mean = ([0.0] * self._dim for _ in range(4))
        start = 0
        for term, dim in zip(cfg.terms.values(), dims, strict=True):
            rows = range(start, start + dim)
            if isinstance(term.noise, UniformNoise):
                for row in rows:
                    low[row], high[row] = term.noise.low, term.noise.high
            elif isinstance(term.noise, GaussianNoise):
                for row in rows:
                    std[row], mean[row] = term.noise.std, term.noise.mean
            elif term.noise is not None:
                raise UsageError(f"unknown noise model {type(term.noise).__name__}", where=f"observations.{name}")
            start += dim
        vectors = [torch.tensor(values, device=env.device) for values in (low, high, std, mean)]
        self._low, self._std, self._mean = vectors[0], vectors[2], vectors[3]
        self._span = vectors[1] - vectors[0]
        self._uniform = any(low) or any(high)
        self._gaussian = any(std) or any(mean)

    def add_to(self, frame: torch.Tensor) -> torch.Tensor:
        random, step = self._env.random, self._env.episode_length_buf
        if self._uniform:
            draws = random.uniform(f"uniform_noise/{self._name}", self._dim, counter=step)
            frame = draws.mul_(self._span).add_(self._low).add_(frame)
        if self._gaussian:
            draws = random.normal(f"gaussian_noise/{self._name}", self._dim, counter=step)
            frame = frame + draws.mul_(self._std).add_(self._mean)
        return frame


def _scale_of(cfg: ObservationTermCfg, dim: int, where: str) -> tuple[float, ...]:
    if not isinstance(cfg.scale, tuple):
        return (float(cfg.scale),) * dim
    if len(cfg.scale) != dim:
        raise UsageError(f"scale has {len(cfg.scale)} factors for {dim} elements", where=where)
    return cfg.scale
