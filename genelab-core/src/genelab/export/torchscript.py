"""TorchScript: one file that needs only torch. A recurrent policy keeps its hidden state inside, for one robot."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genelab.export.exporter import Exportable, Exporter
from genelab.utils.errors import GenelabError, first_line


class StatefulGru(nn.Module):
    """A GRU policy with its state inside: `forward(obs (1, obs_dim)) -> actions (1, action_dim)` and `reset()`."""

    def __init__(self, policy: nn.Module, num_layers: int, hidden_dim: int) -> None:
        super().__init__()
        self.policy = policy
        self.register_buffer("h", torch.zeros(num_layers, 1, hidden_dim))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        assert obs.shape[0] == 1, (
            "this recurrent policy holds the state of one robot: give it observations (1, obs_dim)"
        )
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
        assert obs.shape[0] == 1, (
            "this recurrent policy holds the state of one robot: give it observations (1, obs_dim)"
        )
        actions, h, c = self.policy(obs, self.h, self.c)
        self.h, self.c = h, c
        return actions

    @torch.jit.export
    def reset(self) -> None:
        """Forget: call it at the start of every episode."""
        self.h, self.c = torch.zeros_like(self.h), torch.zeros_like(self.c)


class TorchScriptExporter(Exporter):
    """Writes and runs `.ts` files."""

    def export(self, policy: Exportable, path: Path) -> dict[str, Any]:
        """Write the module. Returns `torchscript`: `"script"` or `"trace"`."""
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
            raise GenelabError(
                f"{path.name} is not a TorchScript file: {first_line(error)}", where=str(path)
            ) from error
        if metadata["is_recurrent"]:
            return _one_env_at_a_time(module, metadata["recurrent"]["rnn_type"] == "lstm")
        return lambda obs: (module(obs),)


def _compile(policy: Exportable) -> tuple[torch.jit.ScriptModule, str]:
    """Script the module, which keeps its control flow, or trace it where TorchScript does not know its Python."""
    try:
        return torch.jit.script(policy.module), "script"
    except Exception as script_error:  # the compiler's errors have no common base below Exception
        try:
            with torch.no_grad():
                traced: Any = torch.jit.trace(policy.module, policy.example_inputs(batch=2))
            return traced, "trace"
        except Exception as trace_error:
            raise GenelabError(
                f"TorchScript can neither script this actor ({first_line(script_error)}) "
                f"nor trace it ({first_line(trace_error)})",
                fix="--format onnx, or an actor of plain torch modules",
            ) from trace_error


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
