"""The checkpoint files of a run: `<stem>_<n>.pt`, `<stem>_<n>.state.pt` beside it, `<stem>_final.pt`.

The first holds what acting and a warm start need, the second everything else that an exact continuation needs, the
third is a copy of the last. `n` counts the backend's iterations. Of several ranks each has a state of its own, that of
rank 1 in `<stem>_<n>.rank1.state.pt`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import load_checkpoint, save_checkpoint, save_tensors
from genelab.rl.distributed import ALONE, World
from genelab.utils.errors import GenelabError

_KEPT_STATES = 2


@dataclass(frozen=True)
class CheckpointFiles:
    """The checkpoint files in one folder.

    Attributes:
        folder: Where they lie; it need not exist as long as nothing was saved.
        stem: What their names begin with.
    """

    folder: Path
    stem: str

    @property
    def final(self) -> Path:
        """The copy of the last checkpoint, written when the budget is used up."""
        return self.folder / f"{self.stem}_final.pt"

    def model(self, number: int) -> Path:
        """Return the file with the weights after `number` iterations."""
        return self.folder / f"{self.stem}_{number}.pt"

    def state(self, number: int, rank: int = 0) -> Path:
        """Return the file with everything else that an exact continuation after `number` iterations needs."""
        of_rank = f".rank{rank}" if rank else ""
        return self.folder / f"{self.stem}_{number}{of_rank}.state.pt"

    def models(self) -> list[Path]:
        """Return the numbered models, oldest first; the final one is a copy of one of them."""
        return self._numbered(rf"{self.stem}_(\d+)\.pt")

    def save(
        self,
        number: int,
        payload: dict[str, Any],
        meta: dict[str, Any],
        state: dict[str, Any],
        pair: str,
        world: World = ALONE,
    ) -> Path:
        """Write a model with its sidecar and its state, so that a killed process leaves a pair that fits, or none.

        The states of all ranks come first, so a model without one cannot be the newest; a model that an abandoned
        continuation left under this number goes before them, because it would not fit the new states.

        Args:
            number: Iterations done.
            payload: The model; it must hold `pair` somewhere.
            meta: Its sidecar.
            state: Everything else.
            pair: Random text that marks the files as belonging together, the same for all ranks.
            world: The ranks that train; all call this, each with its own state, and rank 0 writes the model.

        Returns:
            The model's path.
        """
        if world.is_main:
            self.folder.mkdir(exist_ok=True)
            self.model(number).unlink(missing_ok=True)
        world.barrier()
        save_tensors(self.state(number, world.rank), {"pair": pair, **state})
        world.barrier()
        if world.is_main:
            save_checkpoint(self.model(number), payload, meta)
            self._remove_old_states()
        world.barrier()
        return self.model(number)

    def _remove_old_states(self) -> None:
        """States are as large as simulation and replay memory, and only the end of a run is continued."""
        for path in self._numbered(rf"{self.stem}_(\d+)\.state\.pt")[:-_KEPT_STATES]:
            for of_rank in self.folder.glob(path.name.replace(".state.pt", ".rank*.state.pt")):
                of_rank.unlink()
            path.unlink()

    def load_state(self, path: Path, number: int, pair: str | None, rank: int = 0) -> dict[str, Any]:
        """Return the state that belongs to the model at `path`, which was written after `number` iterations.

        Raises:
            GenelabError: if it is gone, or belongs to another model.
        """
        state_path = self.state(number, rank)
        warm_start = f"--checkpoint {path} begins a new run from its weights"
        if not state_path.is_file():
            raise GenelabError(
                f"{path.name} cannot be continued exactly: {state_path.name} is not there",
                where=f"{path.parent} (only the two newest checkpoints keep their state)",
                fix=f"resume the newest checkpoint of the run; or {warm_start}",
            )
        state, _ = load_checkpoint(state_path)
        if pair is None or pair != state.get("pair"):
            what = f"{state_path.name} does not belong to {path.name}"
            raise GenelabError(what, where=str(path.parent), fix=warm_start)
        return state

    def remove_fragments(self) -> None:
        """Remove what a killed process left of files it was writing (see `genelab.utils.files.atomic_path`)."""
        for path in self.folder.glob(f".{self.stem}_*.pt*.*"):
            path.unlink()

    def _numbered(self, pattern: str) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = [(match, path) for path in self.folder.iterdir() if (match := re.fullmatch(pattern, path.name))]
        return [path for _, path in sorted((int(match[1]), path) for match, path in found)]
