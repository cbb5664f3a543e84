"""Checkpoints of this backend, told apart from those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import load_checkpoint
from genelab.rl.checkpoint_files import CheckpointFiles
from genelab.utils.errors import GenelabError

_REQUIRED = ("actor_state_dict", "critic_state_dict", "optimizer_state_dict", "iter")


def checkpoint_files(log_dir: Path) -> CheckpointFiles:
    """Return the checkpoint files of a run."""
    return CheckpointFiles(log_dir, "model")


def load_payload(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return payload and sidecar of a checkpoint of this backend, or of rsl_rl itself from version 4.

    Raises:
        UsageError, GenelabError: as `genelab.rl.checkpoint.load_checkpoint`, and if another library wrote the file.
    """
    payload, meta = load_checkpoint(path)
    missing = [key for key in _REQUIRED if key not in payload]
    if missing:
        written_by = f"of {meta['backend']}" if "backend" in meta else "of another library"
        holds = ", ".join(str(key) for key in list(payload)[:6]) or "nothing"
        raise GenelabError(
            f"{path.name} is a checkpoint {written_by}, not of rsl_rl: it lacks {', '.join(missing)}",
            where=f"{path} holds {holds}",
            fix="name a model_<iteration>.pt that this backend wrote, or choose the --backend that wrote this file",
        )
    return payload, meta
