"""The checkpoint files of a run: `model_<iteration>.pt`, `model_<iteration>.state.pt` beside it, `model_final.pt`."""

from __future__ import annotations

import re
from pathlib import Path

FINAL = "model_final.pt"
_MODEL = re.compile(r"model_(\d+)\.pt")
_STATE = re.compile(r"model_(\d+)\.state\.pt")
_KEPT_STATES = 2


def model_path(log_dir: Path, iteration: int) -> Path:
    """Return the file with the weights after `iteration` iterations."""
    return log_dir / f"model_{iteration}.pt"


def state_path(log_dir: Path, iteration: int) -> Path:
    """Return the file with everything else that an exact continuation after `iteration` iterations needs."""
    return log_dir / f"model_{iteration}.state.pt"


def model_files(log_dir: Path) -> list[Path]:
    """Return the `model_<iteration>.pt` of a run, oldest first; `model_final.pt` is a copy of one of them."""
    return _numbered(log_dir, _MODEL)


def remove_old_states(log_dir: Path) -> None:
    """Keep the two newest state files: they are as large as the simulation, and only the end of a run is continued."""
    for path in _numbered(log_dir, _STATE)[:-_KEPT_STATES]:
        path.unlink()


def remove_fragments(log_dir: Path) -> None:
    """Remove what a killed process left of files that it was writing (see `genelab.utils.files.atomic_path`)."""
    for path in log_dir.glob(".model_*.pt*.*"):
        path.unlink()


def _numbered(log_dir: Path, pattern: re.Pattern[str]) -> list[Path]:
    matches = [(match, path) for path in log_dir.iterdir() if (match := pattern.fullmatch(path.name))]
    return [path for _, path in sorted((int(match[1]), path) for match, path in matches)]
