"""Observation noise of a whole group."""

from __future__ import annotations

from dataclasses import fields

import torch

from genelab.config.noise import NoiseCfg
from genelab.config.terms import ObservationGroupCfg
from genelab.managers.term_env import TermEnv


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
