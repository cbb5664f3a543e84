"""Small actors with random weights, and an environment whose observation layout is as awkward as a layout can be."""

from __future__ import annotations

import math

import torch
from torch import nn

from genelab.export.onnx import OnnxExporter
from genelab.export.torchscript import TorchScriptExporter
from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.rl.backends.base import InferenceSetup, RecurrentSpec
from genelab.testing import FakeVecEnv

EXPORTERS = {"torchscript": (TorchScriptExporter, "policy.ts"), "onnx": (OnnxExporter, "policy.onnx")}

AWKWARD = ObservationLayout(
    {
        "critic": GroupLayout("critic", (TermLayout("unseen", 4, (1.0,) * 4),)),
        "policy": GroupLayout(
            "policy",
            (
                TermLayout("vector", 3, (1.0, 20.0, -0.5), (-2.0, 2.0)),
                TermLayout("unbounded", 1, (0.1,)),
                TermLayout("low_only", 2, (1.0, 3.0), (-0.5, math.inf)),
            ),
            history_length=3,
        ),
        "goal": GroupLayout("goal", (TermLayout("high_only", 2, (1.0, 1.0), (-math.inf, 0.25)),)),
    }
)
"""Two groups for the actor in another order than the environment's, scale vectors, one-sided clips, history."""


class AwkwardEnv(FakeVecEnv):
    """Noise for observations, laid out as `AWKWARD`; episodes as `FakeVecEnv` has them."""

    def __init__(self, num_envs: int = 16) -> None:
        super().__init__(num_envs, failure_steps=(3, 20), success_probability=0.3, max_episode_length=25)
        self.observation_layout = AWKWARD

    def get_observations(self) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(int(self.episode_length_buf.sum()))
        observations = {}
        for name, group in AWKWARD.groups.items():
            raw = 3.0 * torch.randn(self.num_envs, group.dim, generator=generator)
            observations[name] = raw if self.raw_observations else scale_by_hand(raw, group)
        return observations


def scale_by_hand(raw: torch.Tensor, group: GroupLayout) -> torch.Tensor:
    """Scale and clip element by element: slow, and independent of what is tested."""
    columns, position = [], 0
    for _ in range(group.history_length):
        for term in group.terms:
            for factor in term.scale:
                column = raw[:, position] * factor
                columns.append(column if term.clip is None else column.clamp(*term.clip))
                position += 1
    return torch.stack(columns, dim=1)


class Normalizer(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.randn(dim))
        self.register_buffer("std", 0.5 + torch.rand(dim))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return (obs - self.mean) / self.std  # pyright: ignore[reportOperatorIssue]


class Mlp(nn.Module):
    def __init__(self, obs_dim: int, action_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Normalizer(obs_dim), nn.Linear(obs_dim, 32), nn.ELU(), nn.Linear(32, action_dim), nn.Tanh()
        )

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.layers(obs)


class UnscriptableMlp(Mlp):
    def forward(self, *args: torch.Tensor) -> torch.Tensor:
        return self.layers(args[0])


class Gru(nn.Module):
    def __init__(self, obs_dim: int, action_dim: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.normalizer, self.rnn = Normalizer(obs_dim), nn.GRU(obs_dim, hidden, layers)
        self.head = nn.Linear(hidden, action_dim)

    def forward(self, obs: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out, h = self.rnn(self.normalizer(obs).unsqueeze(0), h)
        return self.head(out.squeeze(0)), h


class Lstm(nn.Module):
    def __init__(self, obs_dim: int, action_dim: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.normalizer, self.rnn = Normalizer(obs_dim), nn.LSTM(obs_dim, hidden, layers)
        self.head = nn.Linear(hidden, action_dim)

    def forward(
        self, obs: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        out, (h, c) = self.rnn(self.normalizer(obs).unsqueeze(0), (h, c))
        return self.head(out.squeeze(0)), h, c


def make_setup(kind: str, groups: tuple[str, ...] = ("goal", "policy"), action_dim: int = 2) -> InferenceSetup:
    """Return an actor for `AWKWARD`: `"mlp"`, `"traced"`, `"gru"` or `"lstm"`; recurrent ones have two layers."""
    torch.manual_seed(0)
    obs_dim = sum(AWKWARD.groups[group].dim for group in groups)
    recurrent = None
    if kind in ("gru", "lstm"):
        recurrent = RecurrentSpec(kind, num_layers=2, hidden_dim=16)
        actor: nn.Module = {"gru": Gru, "lstm": Lstm}[kind](obs_dim, action_dim, 2, 16)
    else:
        actor = {"mlp": Mlp, "traced": UnscriptableMlp}[kind](obs_dim, action_dim)
    return InferenceSetup(groups, actor.eval(), obs_dim, action_dim, recurrent, info={"iteration": 7})
