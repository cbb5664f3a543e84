"""Actors for play, evaluation and export: plain modules from the flat observation to the action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.sac.policies import LOG_STD_MAX, LOG_STD_MIN, SACPolicy
from torch import nn


class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.factor * values


def build_actor(policy: Any, bound: float) -> nn.Sequential:
    """Return the deterministic actor: normaliser, network, bound on actions.

    Args:
        policy: One of the library's policies over `FlatObservations`.
        bound: Bound on |action|.
    """
    extractor: Any
    hidden: Any
    if isinstance(policy, ActorCriticPolicy):
        extractor, ends = policy.features_extractor, [policy.action_net, nn.Hardtanh(-bound, bound)]
        hidden = policy.mlp_extractor.policy_net
    elif isinstance(policy, SACPolicy):
        extractor, ends = policy.actor.features_extractor, [policy.actor.mu, nn.Tanh(), Scale(bound)]
        hidden = policy.actor.latent_pi
    else:
        extractor, ends, hidden = policy.actor.features_extractor, [Scale(bound)], policy.actor.mu
    return nn.Sequential(extractor.normalizer, hidden, *ends).eval()


def build_sampler(policy: Any, bound: float, action_noise: float) -> Callable[..., torch.Tensor]:
    """Return a function of the flat observation whose actions have the exploration noise of training.

    Args:
        policy: As in `build_actor`.
        bound: Bound on |action|.
        action_noise: Standard deviation of the noise of a deterministic policy, as a share of `bound`.
    """

    def gaussian(obs: torch.Tensor) -> torch.Tensor:
        features = policy.features_extractor.normalizer(obs)
        mean = policy.action_net(policy.mlp_extractor.policy_net(features))
        return (mean + policy.log_std.exp() * torch.randn_like(mean)).clamp(-bound, bound)

    def squashed_gaussian(obs: torch.Tensor) -> torch.Tensor:
        actor = policy.actor
        latent = actor.latent_pi(actor.features_extractor.normalizer(obs))
        mean, log_std = actor.mu(latent), actor.log_std(latent).clamp(LOG_STD_MIN, LOG_STD_MAX)
        return bound * torch.tanh(mean + log_std.exp() * torch.randn_like(mean))

    def noisy(obs: torch.Tensor) -> torch.Tensor:
        mean = policy.actor.mu(policy.actor.features_extractor.normalizer(obs))
        return bound * (mean + action_noise * torch.randn_like(mean)).clamp(-1.0, 1.0)

    if isinstance(policy, ActorCriticPolicy):
        return torch.no_grad()(gaussian)
    return torch.no_grad()(squashed_gaussian if isinstance(policy, SACPolicy) else noisy)
