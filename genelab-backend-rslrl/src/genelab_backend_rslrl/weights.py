"""Checkpoints of this backend, told apart from those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import load_checkpoint
from genelab.rl.checkpoint_files import CheckpointFiles, Saved, Stamp
from genelab.utils.errors import GenelabError

_REQUIRED = ("actor_state_dict", "critic_state_dict", "optimizer_state_dict", "iter")


class RslRlFiles(CheckpointFiles):
    """`model_<iteration>.pt` with the entries of rsl_rl's own files: the stamp is in `iter` and `infos`."""

    def stamped(self, payload: dict[str, Any], stamp: Stamp) -> dict[str, Any]:
        return {**payload, "iter": stamp.iteration, "infos": {"env_steps": stamp.env_steps, "pair": stamp.pair}}

    def read(self, path: Path) -> Saved:
        payload, meta = load_payload(path)
        infos = payload.get("infos") or {}
        stamp = Stamp("PPO", payload["iter"], infos.get("env_steps", 0), infos.get("pair"))
        return Saved(payload, meta, stamp)


def checkpoint_files(log_dir: Path) -> RslRlFiles:
    """Return the checkpoint files of a run."""
    return RslRlFiles(log_dir)


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
