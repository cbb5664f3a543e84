"""Actors for play, evaluation and export: functions of the observation and the hidden state, nothing kept inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from rsl_rl.models import MLPModel
from torch import nn


class _Actor(nn.Module):
    """The parts that every actor has: normaliser, network, mean of the distribution, bound on actions."""

    def __init__(self, model: Any, clip_actions: float | None) -> None:
        super().__init__()
        self.normalizer = model.obs_normalizer
        self.mlp = model.mlp
        self.mean = model.distribution.as_deterministic_output_module()
        self.bound = nn.Identity() if clip_actions is None else nn.Hardtanh(-clip_actions, clip_actions)


class FeedForwardActor(_Actor):
    """Takes scaled observations `(batch, dim)` and returns actions `(batch, action_dim)`."""

    def parameters_of(self, obs: torch.Tensor) -> torch.Tensor:
        """Return what the distribution is made from."""
        return self.mlp(self.normalizer(obs))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.bound(self.mean(self.parameters_of(obs)))


class LstmActor(_Actor):
    """Has an LSTM before the network: `(obs, h, c)` to `(actions, h, c)`, states `(layers, batch, hidden)`."""

    def __init__(self, model: Any, clip_actions: float | None) -> None:
        super().__init__(model, clip_actions)
        self.rnn = model.rnn.rnn

    def parameters_of(
        self, obs: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return what the distribution is made from, and the next states."""
        latent, (h, c) = self.rnn(self.normalizer(obs).unsqueeze(0), (h, c))
        return self.mlp(latent.squeeze(0)), h, c

    def forward(
        self, obs: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        parameters, h, c = self.parameters_of(obs, h, c)
        return self.bound(self.mean(parameters)), h, c


class GruActor(_Actor):
    """Has a GRU before the network: `(obs, h)` to `(actions, h)`, state `(layers, batch, hidden)`."""

    def __init__(self, model: Any, clip_actions: float | None) -> None:
        super().__init__(model, clip_actions)
        self.rnn = model.rnn.rnn

    def parameters_of(self, obs: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the distribution is made from, and the next state."""
        latent, h = self.rnn(self.normalizer(obs).unsqueeze(0), h)
        return self.mlp(latent.squeeze(0)), h

    def forward(self, obs: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        parameters, h = self.parameters_of(obs, h)
        return self.bound(self.mean(parameters)), h


ACTORS: dict[str | None, type[_Actor]] = {None: FeedForwardActor, "lstm": LstmActor, "gru": GruActor}


def sampler(actor: Any, model: MLPModel) -> Callable[..., Any]:
    """Return a function with the signature of `actor` whose actions are drawn from the distribution of training."""
    distribution: Any = model.distribution

    def draw(parameters: torch.Tensor) -> torch.Tensor:
        distribution.update(parameters)
        return actor.bound(distribution.sample())

    @torch.no_grad()
    def sample(obs: torch.Tensor, *states: torch.Tensor) -> Any:
        if not states:
            return draw(actor.parameters_of(obs))
        parameters, *states_after = actor.parameters_of(obs, *states)
        return (draw(parameters), *states_after)

    return sample
