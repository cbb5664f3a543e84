"""Checkpoints of this backend, told apart from those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import load_checkpoint
from genelab.rl.checkpoint_files import CheckpointFiles, Saved, Stamp
from genelab.utils.errors import GenelabError

PROGRESS = "genelab"
"""Key of our own entry, beside those of `Agent.checkpoint_modules`: `algorithm`, `timestep`, `env_steps`, `pair`."""


class SkrlFiles(CheckpointFiles):
    """`agent_<timestep>.pt` with the entries of `Agent.checkpoint_modules`, and the stamp under `PROGRESS`."""

    @property
    def final(self) -> None:
        """None: the library has no such file."""

    def stamped(self, payload: dict[str, Any], stamp: Stamp) -> dict[str, Any]:
        progress = {
            "algorithm": stamp.algorithm,
            "timestep": stamp.iteration,
            "env_steps": stamp.env_steps,
            "pair": stamp.pair,
        }
        return {**payload, PROGRESS: progress}

    def read(self, path: Path) -> Saved:
        payload, meta = _read(path)
        progress = payload[PROGRESS]
        return Saved(payload, meta, Stamp(*(progress[key] for key in ("algorithm", "timestep", "env_steps", "pair"))))


def checkpoint_files(log_dir: Path) -> SkrlFiles:
    """Return the checkpoint files of a run."""
    return SkrlFiles(log_dir / "checkpoints", "agent")


def load_payload(path: Path, algorithm: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return payload and sidecar of a checkpoint that this backend wrote.

    Raises:
        UsageError, GenelabError: as `genelab.rl.checkpoint.load_checkpoint`, and if another backend or another
            algorithm wrote the file.
    """
    payload, meta = _read(path)
    require_algorithm(payload, path, algorithm)
    return payload, meta


def require_algorithm(payload: dict[str, Any], path: Path, algorithm: str) -> None:
    """Raise `GenelabError` if another algorithm wrote the checkpoint at `path`."""
    trained = payload[PROGRESS]["algorithm"]
    if trained != algorithm:
        raise GenelabError(
            f"{path.name} was trained with {trained}, not with {algorithm}",
            where=str(path),
            fix=f"--agent.algorithm {trained}",
        )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    payload, meta = load_checkpoint(path)
    if "policy" not in payload or PROGRESS not in payload:
        written_by = f"of {meta['backend']}" if "backend" in meta else "of another program"
        holds = ", ".join(str(key) for key in list(payload)[:6]) or "nothing"
        raise GenelabError(
            f"{path.name} is a checkpoint {written_by}, not of GeneLab's skrl backend",
            where=f"{path} holds {holds}",
            fix="name an agent_<timestep>.pt that this backend wrote, or choose the --backend that wrote this file",
        )
    return payload, meta
