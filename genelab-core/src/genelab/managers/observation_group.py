"""One observation group: latency, noise, history, scale and clip."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from genelab.config.noise import NoiseCfg
from genelab.config.terms import ObservationGroupCfg, ObservationTermCfg
from genelab.managers.delay import DelayBuffer
from genelab.managers.observation_layout import GroupLayout, TermLayout
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError


class ObservationGroup:
    """Puts the values of its terms side by side; frames are kept raw, scale and clip come last, all elements at once.

    Args:
        indices: For each term of the group, its position among the distinct terms of the environment.
        dims: Width of each of these terms.
    """

    def __init__(self, name: str, cfg: ObservationGroupCfg, indices: list[int], dims: list[int], env: TermEnv) -> None:
        if not cfg.terms:
            raise UsageError(f"observation group {name!r} has no term", where="observations")
        device = env.device
        self.cfg, self.indices = cfg, indices
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
        self._noise = ObservationNoise(name, cfg, dims, env) if cfg.corrupt else None
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

    def compute(self, values: list[torch.Tensor], *, advance: bool, reset: torch.Tensor | None) -> torch.Tensor:
        """Return the group's raw observation `(num_envs, dim)` from the values of all distinct terms."""
        parts = [values[index] for index in self.indices]
        for position, delay in self.delays.items():
            delayed = delay.push(parts[position], advance=advance)
            parts[position] = delayed if reset is None else delay.refill(parts[position], reset)
        frame = torch.cat(parts, dim=1)
        if self._noise is not None:
            frame = self._noise.add_to(frame, reuse=not advance)
        if self.layout.history_length > 1:
            frame = self._stack(frame, advance, reset)
        return frame

    def scale(self, frame: torch.Tensor) -> torch.Tensor:
        """Return a raw observation scaled and clipped."""
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


class ObservationNoise:
    """The noise of all terms of a group: one draw per model."""

    def __init__(self, name: str, cfg: ObservationGroupCfg, dims: list[int], env: TermEnv) -> None:
        self._name, self._env, self._dim = name, env, sum(dims)
        noises = [term.noise for term, dim in zip(cfg.terms.values(), dims, strict=True) for _ in range(dim)]
        self._models: list[tuple[type[NoiseCfg], torch.Tensor, dict[str, torch.Tensor]]] = []
        for model in dict.fromkeys(type(noise) for noise in noises if noise is not None):
            own = [type(noise) is model for noise in noises]
            columns = {
                field.name: torch.tensor(
                    [getattr(noise, field.name) if mine else 0.0 for noise, mine in zip(noises, own, strict=True)],
                    device=env.device,
                )
                for field in fields(model)
            }
            self._models.append((model, torch.tensor(own, device=env.device), columns))
        self._silence = torch.zeros(self._dim, device=env.device)
        self._drawn: torch.Tensor | None = None

    def uniform(self, stream: str) -> torch.Tensor:
        """Return numbers in [0, 1), `(num_envs, dim)`."""
        return self._env.random.uniform(f"{stream}/{self._name}", self._dim, counter=self._env.episode_length_buf)

    def normal(self, stream: str) -> torch.Tensor:
        """Return standard normal numbers, `(num_envs, dim)`."""
        return self._env.random.normal(f"{stream}/{self._name}", self._dim, counter=self._env.episode_length_buf)

    def add_to(self, frame: torch.Tensor, *, reuse: bool) -> torch.Tensor:
        """Return `frame`, `(num_envs, dim)`, with noise.

        In a step where envs are reset, observations are made twice: of the terminal state and of the new one. With
        `reuse` the second time takes the draws of the first. In evaluation, draws follow the episode's step instead.
        """
        drawn = self._drawn
        if drawn is None or not reuse or self._env.random.evaluation:
            drawn = self._silence
            for model, own, columns in self._models:
                drawn = torch.where(own, model.sample(self, **columns), drawn)
            self._drawn = drawn
        return frame + drawn


def _scale_of(cfg: ObservationTermCfg, dim: int, where: str) -> tuple[float, ...]:
    if not isinstance(cfg.scale, tuple):
        return (float(cfg.scale),) * dim
    if len(cfg.scale) != dim:
        raise UsageError(f"scale has {len(cfg.scale)} factors for {dim} elements", where=where)
    return cfg.scale
