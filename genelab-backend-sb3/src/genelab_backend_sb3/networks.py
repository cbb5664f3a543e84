"""The networks: the library's policies over one flat, optionally normalised observation."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy
from torch import nn

from genelab.managers.observation_layout import ObservationLayout
from genelab.rl.config import require_groups
from genelab_backend_sb3.config import Sb3AgentCfg

GOAL_KEYS = ("observation", "achieved_goal", "desired_goal")
"""Keys of a goal-conditioned observation, in the order in which actors read them."""

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "selu": nn.SELU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
}


class LayerNorm(nn.Module):
    """Normalises each row to mean 0 and variance 1, without weights."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(features, features.shape[-1:])


class _CriticWithLayerNorm:
    """For policies with actor and critic: lets the hidden layers of the critic be normalised before activation.

    Args:
        critic_layer_norm: Whether they are.
    """

    critic_kwargs: dict[str, Any]

    def __init__(self, *args: Any, critic_layer_norm: bool, **kwargs: Any) -> None:
        self._critic_layer_norm = critic_layer_norm
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Any) -> None:
        if self._critic_layer_norm:
            activation = self.critic_kwargs["activation_fn"]
            self.critic_kwargs["activation_fn"] = lambda: nn.Sequential(LayerNorm(), activation())
        super()._build(lr_schedule)  # pyright: ignore[reportAttributeAccessIssue]


class SoftPolicy(_CriticWithLayerNorm, SACPolicy):
    """Actor and critics of SAC."""


class DeterministicPolicy(_CriticWithLayerNorm, TD3Policy):
    """Actor and critics of TD3 and DDPG."""


POLICIES: dict[str, type[BasePolicy]] = {
    "PPO": ActorCriticPolicy,
    "A2C": ActorCriticPolicy,
    "SAC": SoftPolicy,
    "TD3": DeterministicPolicy,
    "DDPG": DeterministicPolicy,
}


class RunningNormalizer(nn.Module):
    """Subtracts the running mean of all observations, divides by their standard deviation and clips to ±10.

    Args:
        dim: Width of an observation.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(dim))
        self.variance = nn.Buffer(torch.ones(dim))
        self.count = nn.Buffer(torch.zeros((), dtype=torch.long))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return ((observations - self.mean) / torch.sqrt(self.variance + 1e-8)).clamp(-10.0, 10.0)

    def merge(self, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
        """Add `count` observations with this mean and (biased) variance, each `(dim,)`; Chan et al. 1979."""
        total = self.count + count
        share = (count / total.double()).float()
        delta = mean - self.mean
        self.variance += share * (variance - self.variance + (1.0 - share) * delta.square())
        self.mean += share * delta
        self.count.copy_(total)


class FlatObservations(BaseFeaturesExtractor):
    """Lays the parts of a goal-conditioned observation side by side and normalises.

    Args:
        observation_space: A `Box`, or a `Dict` with `GOAL_KEYS`.
        normalize: Whether to normalise.
    """

    def __init__(self, observation_space: gymnasium.Space[Any], normalize: bool) -> None:
        self.keys = GOAL_KEYS if isinstance(observation_space, gymnasium.spaces.Dict) else None
        space: Any = observation_space
        parts = [space] if self.keys is None else [space[key] for key in self.keys]
        dim = sum(int(np.prod(part.shape)) for part in parts)
        super().__init__(observation_space, dim)
        self.normalizer = RunningNormalizer(dim) if normalize else nn.Identity()

    def flatten(self, observations: Any) -> torch.Tensor:
        """Return `(batch, dim)` before normalisation."""
        return observations if self.keys is None else torch.cat([observations[key] for key in self.keys], dim=1)

    def forward(self, observations: Any) -> torch.Tensor:
        return self.normalizer(self.flatten(observations))


def policy_kwargs(agent: Sb3AgentCfg) -> dict[str, Any]:
    """Return the arguments of the algorithm's policy class."""
    cfg = agent.policy
    options: dict[str, Any] = {
        "net_arch": list(cfg.net_arch),
        "activation_fn": ACTIVATIONS[cfg.activation],
        "features_extractor_class": FlatObservations,
        "features_extractor_kwargs": {"normalize": cfg.obs_normalization},
    }
    if agent.algorithm == "DDPG":
        options["n_critics"] = 1
    if agent.off_policy:
        options["critic_layer_norm"] = cfg.critic_layer_norm
    else:
        options["log_std_init"] = cfg.log_std_init
    return options


def build_policy(agent: Sb3AgentCfg, layout: ObservationLayout, action_dim: int) -> Any:
    """Return untrained networks alone, without buffers and environment, on the CPU."""
    spaces = observation_space(agent, layout), action_space(agent, action_dim)
    return POLICIES[agent.algorithm](*spaces, lambda _: agent.learning_rate, **policy_kwargs(agent))


def observation_space(agent: Sb3AgentCfg, layout: ObservationLayout) -> gymnasium.Space[Any]:
    """Return a `Box` over the groups that the agent reads, or with HER a `Dict` with `GOAL_KEYS`.

    Raises:
        UsageError: if the environment lacks one of the groups.
    """
    require_groups(layout.groups, agent.groups, agent.groups_field)
    widths = [layout.groups[name].dim for name in agent.groups]
    if not agent.her.enabled:
        return _box(np.inf, sum(widths))
    return gymnasium.spaces.Dict({key: _box(np.inf, width) for key, width in zip(GOAL_KEYS, widths, strict=True)})


def action_space(agent: Sb3AgentCfg, action_dim: int) -> gymnasium.spaces.Box[Any]:
    """Return ±`clip_actions` in each dimension."""
    return _box(agent.clip_actions, action_dim)


def update_normalizers(policy: nn.Module, observations: Any, device: torch.device) -> None:
    """Add observations to the statistics of every normaliser of a policy; nothing happens without one.

    Args:
        policy: Networks; actor, critic and their targets have a normaliser each, all with the same statistics.
        observations: `(batch, dim)`, or a dict of them.
        device: Where the policy lives.
    """
    extractors = [module for module in policy.modules() if isinstance(module, FlatObservations)]
    normalizers = [module for module in policy.modules() if isinstance(module, RunningNormalizer)]
    if not normalizers:
        return
    if isinstance(observations, dict):
        tensors: Any = {key: torch.as_tensor(value, device=device) for key, value in observations.items()}
    else:
        tensors = torch.as_tensor(observations, device=device)
    flat = extractors[0].flatten(tensors)
    variance, mean = torch.var_mean(flat, dim=0, correction=0)
    for normalizer in normalizers:
        normalizer.merge(mean, variance, len(flat))


def _box(bound: float, dim: int) -> gymnasium.spaces.Box[Any]:
    return gymnasium.spaces.Box(-bound, bound, (dim,), np.float32)
