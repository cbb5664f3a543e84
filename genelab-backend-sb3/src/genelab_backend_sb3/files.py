"""The files of a run: `model_<steps>_steps.zip`, `model_<steps>_steps.state.pt` beside it, `model.zip`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from genelab.rl.checkpoint_files import CheckpointFiles, Saved, Stamp
from genelab_backend_sb3.archive import read_archive, write_archive


class Sb3Files(CheckpointFiles):
    """The checkpoint files in one folder, under the library's names; numbers are environment steps over all envs."""

    suffix: ClassVar[str] = ".zip"

    def label(self, number: int | str) -> str:
        return f"{self.stem}_{number}_steps"

    @property
    def final(self) -> Path:
        """The copy of the last checkpoint, written when the budget is used up."""
        return self.folder / f"{self.stem}.zip"

    def write(self, path: Path, payload: Any, stamp: Stamp, meta: dict[str, Any]) -> None:
        """Write an archive; `payload` is the library's algorithm."""
        info = {"algorithm": stamp.algorithm, "env_steps": stamp.env_steps, "pair": stamp.pair}
        write_archive(path, payload, info, meta)

    def read(self, path: Path) -> Saved:
        """Read an archive, which is the payload."""
        archive = read_archive(path)
        steps = archive.info.get("env_steps", 0)
        stamp = Stamp(archive.info.get("algorithm", ""), steps, steps, archive.info.get("pair"))
        return Saved(archive, archive.meta, stamp)
