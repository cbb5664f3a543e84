"""Actors for play, evaluation and export: the normaliser, the policy's mean, the bounds on actions."""

# Without `from __future__ import annotations`: TorchScript cannot read annotations that are strings.

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from genelab_backend_skrl.config import SkrlAgentCfg
from genelab_backend_skrl.library import RunningStandardScaler
from genelab_backend_skrl.models import Policy


class Standardization(nn.Module):
    """The trained normaliser as a plain module: (x − mean) / (√variance + ε), clipped."""

    mean: torch.Tensor
    divisor: torch.Tensor

    def __init__(self, scaler: RunningStandardScaler) -> None:
        super().__init__()
        self.register_buffer("mean", scaler.running_mean.float())
        self.register_buffer("divisor", scaler.running_variance.float().sqrt() + scaler.epsilon)
        self.bound = nn.Hardtanh(-scaler.clip_threshold, scaler.clip_threshold)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.bound((obs - self.mean) / self.divisor)


def build_actor(policy: Policy, scaler: RunningStandardScaler | None, cfg: SkrlAgentCfg) -> nn.Sequential:
    """Return the deterministic actor: scaled observations `(batch, dim)` to actions `(batch, action_dim)`."""
    actor = nn.Sequential()
    actor.add_module("normalizer", nn.Identity() if scaler is None else Standardization(scaler))
    actor.add_module("hidden", policy.hidden)
    actor.add_module("mean", policy.mean)
    actor.add_module("squash", nn.Tanh() if policy.squashed else nn.Identity())
    actor.add_module("bound", nn.Hardtanh(-bound, bound) if (bound := action_bound(cfg)) else nn.Identity())
    return actor.eval()


def action_bound(cfg: SkrlAgentCfg) -> float | None:
    """Return the bound on |action| that both ways of clipping make together; `None` for none."""
    bounds = [cfg.clip_actions] if cfg.clip_actions is not None else []
    if cfg.on_policy and cfg.models.clip_actions:
        bounds.append(1.0)
    return min(bounds) if bounds else None


def sampler(actor: nn.Sequential, policy: Policy, cfg: SkrlAgentCfg) -> Callable[..., Any]:
    """Return a function with the signature of `actor` whose actions have the exploration noise of training."""
    normalizer, bound = actor.get_submodule("normalizer"), actor.get_submodule("bound")

    @torch.no_grad()
    def sample(obs: torch.Tensor) -> torch.Tensor:
        actions, _ = policy.act({"observations": normalizer(obs)}, role="policy")
        if cfg.algorithm in ("TD3", "DDPG"):
            actions = (actions + cfg.exploration_noise * torch.randn_like(actions)).clamp(-1.0, 1.0)
        return bound(actions)

    return sample
