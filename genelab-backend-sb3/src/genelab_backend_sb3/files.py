"""The files of a run: `model_<steps>_steps.zip`, `model_<steps>_steps.state.pt` beside it, `model.zip`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import save_tensors
from genelab.rl.checkpoint_files import CheckpointFiles
from genelab_backend_sb3.archive import write_archive

_KEPT_STATES = 2


@dataclass(frozen=True)
class Sb3Files(CheckpointFiles):
    """The checkpoint files in one folder, under the library's names; numbers are environment steps over all envs."""

    stem: str = "model"

    @property
    def final(self) -> Path:
        """The copy of the last checkpoint, written when the budget is used up."""
        return self.folder / f"{self.stem}.zip"

    def model(self, number: int) -> Path:
        """Return the file with the weights after `number` steps."""
        return self.folder / f"{self.stem}_{number}_steps.zip"

    def state(self, number: int, rank: int = 0) -> Path:
        """Return the file with everything else that an exact continuation after `number` steps needs."""
        of_rank = f".rank{rank}" if rank else ""
        return self.folder / f"{self.stem}_{number}_steps{of_rank}.state.pt"

    def models(self) -> list[Path]:
        """Return the numbered models, oldest first; the final one is a copy of one of them."""
        return self._numbered(rf"{self.stem}_(\d+)_steps\.zip")

    def save_pair(self, number: int, model: Any, info: dict[str, Any], meta: dict[str, Any], state: Any) -> Path:
        """Write the archive of `model` and its state, in the order that `CheckpointFiles.save` explains.

        Args:
            number: Environment steps done.
            model: The library's algorithm.
            info: What goes into the archive beside it; `info["pair"]` marks the two files as belonging together.
            meta: Its sidecar.
            state: Everything else.

        Returns:
            The archive's path.
        """
        path = self.model(number)
        path.unlink(missing_ok=True)
        save_tensors(self.state(number), {"pair": info["pair"], **state})
        write_archive(path, model, info, meta)
        # A state holds a simulation and a replay buffer, and only the end of a run is continued.
        for old in self._numbered(rf"{self.stem}_(\d+)_steps\.state\.pt")[:-_KEPT_STATES]:
            old.unlink()
        return path

    def remove_fragments(self) -> None:
        """Remove what a killed process left of files it was writing (see `genelab.utils.files.atomic_path`)."""
        for pattern in (f".{self.stem}*.zip.*", f".{self.stem}_*.state.pt.*"):
            for path in self.folder.glob(pattern):
                path.unlink()
