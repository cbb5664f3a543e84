"""TorchScript: one file that needs only torch. A recurrent policy keeps its hidden state inside, for one robot."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genelab.export.exporter import Exportable, Exporter
from genelab.utils.errors import GenelabError, UsageError


class StatefulGru(nn.Module):
    """A GRU policy with its state inside: `forward(obs (1, obs_dim)) -> actions (1, action_dim)` and `reset()`."""

    def __init__(self, policy: nn.Module, num_layers: int, hidden_dim: int) -> None:
        super().__init__()
        self.policy = policy
        self.register_buffer("h", torch.zeros(num_layers, 1, hidden_dim))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        actions, h = self.policy(obs, self.h)
        self.h = h
        return actions

    @torch.jit.export
    def reset(self) -> None:
        """Forget: call it at the start of every episode."""
        self.h = torch.zeros_like(self.h)


class StatefulLstm(nn.Module):
    """An LSTM policy with its state inside: `forward(obs (1, obs_dim)) -> actions (1, action_dim)` and `reset()`."""

    def __init__(self, policy: nn.Module, num_layers: int, hidden_dim: int) -> None:
        super().__init__()
        self.policy = policy
        self.register_buffer("h", torch.zeros(num_layers, 1, hidden_dim))
        self.register_buffer("c", torch.zeros(num_layers, 1, hidden_dim))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        actions, h, c = self.policy(obs, self.h, self.c)
        self.h, self.c = h, c
        return actions

    @torch.jit.export
    def reset(self) -> None:
        """Forget: call it at the start of every episode."""
        self.h, self.c = torch.zeros_like(self.h), torch.zeros_like(self.c)


class TorchScriptExporter(Exporter):
    """Writes and runs `.ts` files."""

    def export(self, policy: Exportable, path: Path, **options: Any) -> dict[str, Any]:
        """Write the module; it takes no options. Adds `torchscript`: `"script"` or `"trace"`."""
        if options:
            raise UsageError(f"TorchScript has no option {', '.join(sorted(options))}", fix="leave it out, or use onnx")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch announces the end of TorchScript with every call
            module, how = _compile(policy)
            if policy.recurrent is not None:
                stateful = StatefulLstm if policy.recurrent.rnn_type == "lstm" else StatefulGru
                wrapper = stateful(module, policy.recurrent.num_layers, policy.recurrent.hidden_dim).eval()
                module = torch.jit.script(wrapper)
            torch.jit.save(module, str(path))
        return {"torchscript": how}

    def load(self, path: Path, metadata: dict[str, Any]) -> Callable[..., tuple[torch.Tensor, ...]]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = torch.jit.load(str(path), map_location="cpu").eval()
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise GenelabError(f"{path.name} is not a TorchScript file: {reason}", where=str(path)) from error
        if metadata["is_recurrent"]:
            return _one_env_at_a_time(module, metadata["recurrent"]["rnn_type"] == "lstm")
        return lambda obs: (module(obs),)


def _compile(policy: Exportable) -> tuple[torch.jit.ScriptModule, str]:
    """Script the module, which keeps its control flow, or trace it where TorchScript does not know its Python."""
    try:
        return torch.jit.script(policy.module), "script"
    except (RuntimeError, TypeError, ValueError, NotImplementedError):
        example = (torch.zeros(2, policy.obs_dim), *example_states(policy, batch=2))
        with torch.no_grad():
            return torch.jit.trace(policy.module, example), "trace"  # pyright: ignore[reportReturnType]


def example_states(policy: Exportable, batch: int) -> tuple[torch.Tensor, ...]:
    """Return zero hidden states for this many envs; none for a feed-forward policy."""
    spec = policy.recurrent
    if spec is None:
        return ()
    return tuple(torch.zeros(spec.num_layers, batch, spec.hidden_dim) for _ in spec.states)


def _one_env_at_a_time(module: torch.jit.ScriptModule, lstm: bool) -> Callable[..., tuple[torch.Tensor, ...]]:
    """Run a module whose state is fixed to batch 1 for many envs, by exchanging the state before each."""
    names = ("h", "c") if lstm else ("h",)

    def run(obs: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        actions, after = [], []
        for env in range(obs.shape[0]):
            for name, state in zip(names, states, strict=True):
                setattr(module, name, state[:, env : env + 1].contiguous())
            actions.append(module(obs[env : env + 1]))
            after.append([getattr(module, name) for name in names])
        return torch.cat(actions), *(torch.cat(column, dim=1) for column in zip(*after, strict=True))

    return run
