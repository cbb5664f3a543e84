"""The exported module: raw flat observation -> scale -> clip -> actor."""

# Without `from __future__ import annotations`: TorchScript cannot read annotations that are strings.

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from genelab.utils.errors import GenelabError

if TYPE_CHECKING:
    from genelab.managers.observation_layout import ObservationLayout
    from genelab.rl.backends.base import InferenceSetup


class BakedActor(nn.Module):
    """A feed-forward actor that takes raw observations.

    Args:
        actor: Takes scaled observations `(batch, obs_dim)`, returns actions `(batch, action_dim)`.
        scale: Factor of each element, `(obs_dim,)`.
        low: Lower bound of each scaled element, `(obs_dim,)`; minus infinity for none.
        high: Upper bound of each scaled element, `(obs_dim,)`; infinity for none.
    """

    scale: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor

    def __init__(self, actor: nn.Module, scale: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> None:
        super().__init__()
        self.actor = actor
        self.register_buffer("scale", scale)
        self.register_buffer("low", low)
        self.register_buffer("high", high)

    def preprocess(self, obs: torch.Tensor) -> torch.Tensor:
        """Return scaled and clipped observations, as the environment gives them in training."""
        return torch.maximum(torch.minimum(obs * self.scale, self.high), self.low)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """Return actions `(batch, action_dim)`."""
        return self.actor(self.preprocess(obs))


class BakedGruActor(BakedActor):
    """A GRU actor; its hidden state `h` is `(num_layers, batch, hidden_dim)`."""

    def forward(self, obs: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.actor(self.preprocess(obs), h)


class BakedLstmActor(BakedActor):
    """An LSTM actor; its hidden states `h` and `c` are `(num_layers, batch, hidden_dim)`."""

    def forward(
        self, obs: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.actor(self.preprocess(obs), h, c)


def bake(setup: "InferenceSetup", layout: "ObservationLayout") -> BakedActor:
    """Return the module for this actor in this environment, in eval mode, on the actor's device.

    Raises:
        GenelabError: if a group is missing or the width of the groups is not the actor's.
    """
    missing = [group for group in setup.obs_groups if group not in layout.groups]
    if missing:
        raise GenelabError(
            f"the actor reads observation group {missing[0]!r}, which the environment does not have",
            fix=f"groups of the environment: {', '.join(layout.groups)}",
        )
    groups = [layout.groups[name] for name in setup.obs_groups]
    width = sum(group.dim for group in groups)
    if width != setup.actor_input_dim:
        parts = ", ".join(f"{group.name} {group.dim}" for group in groups)
        raise GenelabError(
            f"the actor takes {setup.actor_input_dim} numbers per observation, the environment gives {width} ({parts})",
            fix="use the task and overrides that the checkpoint was trained with",
        )
    bounds = [clip or (-math.inf, math.inf) for group in groups for clip in group.clip()]
    device = next((tensor.device for tensor in setup.actor.state_dict().values()), torch.device("cpu"))
    if setup.recurrent is None:
        kind = BakedActor
    else:
        kind = BakedLstmActor if setup.recurrent.rnn_type == "lstm" else BakedGruActor
    return kind(
        setup.actor,
        torch.tensor([factor for group in groups for factor in group.scale()], dtype=torch.float32, device=device),
        torch.tensor([low for low, _ in bounds], dtype=torch.float32, device=device),
        torch.tensor([high for _, high in bounds], dtype=torch.float32, device=device),
    ).eval()
