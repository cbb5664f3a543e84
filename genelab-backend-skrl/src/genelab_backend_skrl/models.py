"""The networks: three kinds of policy, and the value functions.

Each policy is `hidden` layers and a linear `mean`, so that all are exported in the same way.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.distributions import Normal
from torch.nn.functional import softplus

from genelab_backend_skrl.config import SkrlModelsCfg
from genelab_backend_skrl.library import DeterministicMixin, GaussianMixin, Model

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "selu": nn.SELU,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
}

Inputs = dict[str, Any]
"""What skrl hands to a model: `"observations"`, `"states"`, `"taken_actions"`, each `(batch, dim)`."""


def hidden_layers(width: int, cfg: SkrlModelsCfg, *, layer_norm: bool = False) -> nn.Sequential:
    """Return the hidden layers over an input of `width`, each normalised before its activation if `layer_norm`."""
    layers: list[nn.Module] = []
    for size in cfg.hidden_dims:
        layers.append(nn.Linear(width, size))
        if layer_norm:
            layers.append(nn.LayerNorm(size))
        layers.append(_ACTIVATIONS[cfg.activation]())
        width = size
    return nn.Sequential(*layers)


class Policy(Model):
    """What the policies have in common: it reads `"observations"` only.

    Args:
        spaces: `observation_space`, `state_space`, `action_space` and `device`, as skrl's models take them.
        cfg: Sizes.
    """

    squashed = True
    """Whether actions go through tanh."""

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        Model.__init__(self, **spaces)
        self.hidden = hidden_layers(self.num_observations, cfg)
        self.mean = nn.Linear(cfg.hidden_dims[-1], self.num_actions)

    def random_act(self, inputs: Inputs, *, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """Return uniform actions in [-1, 1), new ones each time: the library's own returns the same batch again."""
        observations = inputs["observations"]
        return 2.0 * torch.rand(len(observations), self.num_actions, device=observations.device) - 1.0, {}


class GaussianPolicy(GaussianMixin, Policy):
    """Normal actions around the mean, with a standard deviation that does not depend on the observation (PPO, A2C)."""

    squashed = False

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        Policy.__init__(self, spaces, cfg)
        low, high = cfg.log_std_range
        GaussianMixin.__init__(self, clip_actions=cfg.clip_actions, min_log_std=low, max_log_std=high)
        self.log_std = nn.Parameter(torch.full((self.num_actions,), cfg.log_std))

    def compute(self, inputs: Inputs, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        return self.mean(self.hidden(inputs["observations"])), {"log_std": self.log_std}


class SquashedGaussianPolicy(Policy):
    """Normal numbers through tanh, with a standard deviation that depends on the observation (SAC).

    The probability is that of the squashed action (Haarnoja et al. 2018, arXiv:1801.01290, appendix C).
    """

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        super().__init__(spaces, cfg)
        self.log_std = nn.Linear(cfg.hidden_dims[-1], self.num_actions)
        nn.init.constant_(self.log_std.bias, cfg.log_std)
        self._log_std_range = cfg.log_std_range

    def compute(self, inputs: Inputs, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        features = self.hidden(inputs["observations"])
        return self.mean(features), {"log_std": self.log_std(features).clamp(*self._log_std_range)}

    def act(self, inputs: Inputs, *, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """Return a sample `(batch, num_actions)`, with `"log_prob"` `(batch, 1)` and `"mean_actions"` of it."""
        mean, outputs = self.compute(inputs, role)
        normal = Normal(mean, outputs["log_std"].exp())
        number = normal.rsample()
        # log(1 - tanh(x)²) in a form that stays exact for large |x|.
        log_slope = 2.0 * (math.log(2.0) - number - softplus(-2.0 * number))
        outputs["log_prob"] = (normal.log_prob(number) - log_slope).sum(dim=-1, keepdim=True)
        outputs["mean_actions"] = mean.tanh()
        return number.tanh(), outputs


class DeterministicPolicy(DeterministicMixin, Policy):
    """The mean through tanh (TD3, DDPG); the agent adds the noise."""

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        Policy.__init__(self, spaces, cfg)
        DeterministicMixin.__init__(self)

    def compute(self, inputs: Inputs, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        return self.mean(self.hidden(inputs["observations"])).tanh(), {}


class StateValue(DeterministicMixin, Model):
    """Value of a state `(batch, 1)` (PPO, A2C)."""

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        Model.__init__(self, **spaces)
        DeterministicMixin.__init__(self)
        self.hidden = hidden_layers(self.num_states, cfg)
        self.value = nn.Linear(cfg.hidden_dims[-1], 1)

    def compute(self, inputs: Inputs, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        return self.value(self.hidden(inputs["states"])), {}


class ActionValue(DeterministicMixin, Model):
    """Value of an action in a state `(batch, 1)`, with layer normalisation (SAC, TD3, DDPG)."""

    def __init__(self, spaces: dict[str, Any], cfg: SkrlModelsCfg) -> None:
        Model.__init__(self, **spaces)
        DeterministicMixin.__init__(self)
        self.hidden = hidden_layers(self.num_states + self.num_actions, cfg, layer_norm=True)
        self.value = nn.Linear(cfg.hidden_dims[-1], 1)

    def compute(self, inputs: Inputs, role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        return self.value(self.hidden(torch.cat([inputs["states"], inputs["taken_actions"]], dim=-1))), {}
