"""Checkpoints of this backend: what they are called, what they hold, and how that gets into an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.rl.checkpoint import load_checkpoint
from genelab.rl.checkpoint_files import CheckpointFiles
from genelab.rl.weights import load_weights
from genelab.utils.errors import GenelabError
from genelab_backend_skrl.agents import TrackedAgent

PROGRESS = "genelab"
"""Key of our own entry, beside those of `Agent.checkpoint_modules`: `algorithm`, `timestep`, `env_steps`, `pair`."""


def checkpoint_files(log_dir: Path) -> CheckpointFiles:
    """Return the checkpoint files of a run."""
    return CheckpointFiles(log_dir / "checkpoints", "agent")


def load_payload(path: Path, algorithm: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return payload and sidecar of a checkpoint that this backend wrote.

    Raises:
        UsageError, GenelabError: as `genelab.rl.checkpoint.load_checkpoint`, and if another backend or another
            algorithm wrote the file.
    """
    payload, meta = load_checkpoint(path)
    if "policy" not in payload or PROGRESS not in payload:
        written_by = f"of {meta['backend']}" if "backend" in meta else "of another program"
        holds = ", ".join(str(key) for key in list(payload)[:6]) or "nothing"
        raise GenelabError(
            f"{path.name} is a checkpoint {written_by}, not of GeneLab's skrl backend",
            where=f"{path} holds {holds}",
            fix="name an agent_<timestep>.pt that this backend wrote, or choose the --backend that wrote this file",
        )
    trained = payload[PROGRESS]["algorithm"]
    if trained != algorithm:
        raise GenelabError(
            f"{path.name} was trained with {trained}, not with {algorithm}",
            where=str(path),
            fix=f"--agent.algorithm {trained}",
        )
    return payload, meta


def load_modules(agent: TrackedAgent, payload: dict[str, Any], path: Path, *, learning: bool) -> None:
    """Copy a checkpoint into `agent`.

    Args:
        agent: The agent.
        payload: What `load_payload` returned.
        path: The file, for messages.
        learning: Also what only the continuation of a training needs: optimisers and the entropy coefficient.

    Raises:
        GenelabError: if one of them has a part that the other lacks, or widths differ.
    """
    here, there = set(agent.checkpoint_modules), set(payload) - {PROGRESS}
    lines = [f"{name}: only in this agent" for name in sorted(here - there)]
    lines += [f"{name}: only in the file" for name in sorted(there - here)]
    if lines:
        raise GenelabError(
            f"{path.name} has other parts than this agent:\n    " + "\n    ".join(lines),
            where=str(path),
            fix="use the agent that it was trained with (params/agent.json of its run)",
        )
    for name, module in agent.checkpoint_modules.items():
        if isinstance(module, torch.nn.Module):
            load_weights(module, payload[name], name, path)
        elif learning:
            module.load_state_dict(payload[name])
