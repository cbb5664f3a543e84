"""Observation noise of a whole group."""

from __future__ import annotations

from typing import Any

import torch

from genelab.config.noise import GaussianNoise, UniformNoise
from genelab.config.terms import ObservationGroupCfg
from genelab.utils.errors import UsageError


class ObservationNoise:
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
        self._offset, self._std = vectors[0] + vectors[3], vectors[2]
        self._span = vectors[1] - vectors[0]
        self._uniform, self._gaussian = bool(self._span.any()), any(std)
        self._drawn: torch.Tensor | None = None

    def add_to(self, frame: torch.Tensor, *, reuse: bool) -> torch.Tensor:
        """Return `frame`, `(num_envs, dim)`, with noise.

        In a step where envs are reset, observations are made twice: of the terminal state and of the new one. With
        `reuse` the second time takes the draws of the first. In evaluation, draws follow the episode's step instead.
        """
        if self._drawn is None or not reuse or self._env.random.evaluation:
            self._drawn = self._draw()
        return frame + self._drawn

    def _draw(self) -> torch.Tensor:
        random, step = self._env.random, self._env.episode_length_buf
        drawn = self._offset
        if self._uniform:
            drawn = random.uniform(f"uniform_noise/{self._name}", self._dim, counter=step).mul_(self._span).add_(drawn)
        if self._gaussian:
            drawn = random.normal(f"gaussian_noise/{self._name}", self._dim, counter=step).mul_(self._std).add_(drawn)
        return drawn
