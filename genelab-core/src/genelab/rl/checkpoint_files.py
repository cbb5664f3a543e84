"""The checkpoint files of a run: `<stem>_<n>.pt`, `<stem>_<n>.state.pt` beside it, `<stem>_final.pt`.

The first holds what acting and a warm start need, the second everything else that an exact continuation needs, the
third is a copy of the last. `n` counts the backend's iterations. Of several ranks each has a state of its own, that of
rank 1 in `<stem>_<n>.rank1.state.pt`.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from genelab.rl.checkpoint import load_checkpoint, save_checkpoint, save_tensors
from genelab.rl.distributed import ALONE, World
from genelab.utils.errors import GenelabError

_KEPT_STATES = 2
_STAMP = "stamp"


@dataclass(frozen=True)
class Stamp:
    """Which moment of which training a checkpoint is of; written into its model.

    Attributes:
        algorithm: Name of the algorithm.
        iteration: Iterations done.
        env_steps: Environment steps done, over all envs and ranks.
        pair: Random text that marks model and states as belonging together, the same for all ranks; `None` in a file
            that cannot be continued.
    """

    algorithm: str
    iteration: int
    env_steps: int
    pair: str | None


@dataclass(frozen=True)
class Saved:
    """A model that was read: what the learner gave, the sidecar (empty without one) and the stamp."""

    payload: Any
    meta: dict[str, Any]
    stamp: Stamp


@dataclass(frozen=True)
class CheckpointFiles:
    """The checkpoint files in one folder: their names and their format. `genelab.rl.session.Session` saves them.

    A backend with a format of its own overrides `stamped` and `read`, or `write` and `read`; with names of its own
    `label`, `suffix` and `final`.

    Attributes:
        folder: Where they lie; it need not exist as long as nothing was saved.
        stem: What their names begin with.
        suffix: What the names of models end with.
    """

    folder: Path
    stem: str = "model"
    suffix: ClassVar[str] = ".pt"

    def label(self, number: int | str) -> str:
        """Return the name, without suffix, of what is written after `number` iterations."""
        return f"{self.stem}_{number}"

    @property
    def final(self) -> Path | None:
        """The copy of the last model, written when the budget is used up; `None` if there shall be none."""
        return self.folder / f"{self.stem}_final{self.suffix}"

    def model(self, number: int) -> Path:
        """Return the file with the weights after `number` iterations."""
        return self.folder / f"{self.label(number)}{self.suffix}"

    def state(self, number: int, rank: int = 0) -> Path:
        """Return the file with everything else that an exact continuation after `number` iterations needs."""
        of_rank = f".rank{rank}" if rank else ""
        return self.folder / f"{self.label(number)}{of_rank}.state.pt"

    def models(self) -> list[Path]:
        """Return the numbered models, oldest first; the final one is a copy of one of them."""
        return self._numbered(self.suffix)

    def write(self, path: Path, payload: Any, stamp: Stamp, meta: dict[str, Any]) -> None:
        """Write a model and its sidecar, atomically."""
        save_checkpoint(path, self.stamped(payload, stamp), meta)

    def stamped(self, payload: dict[str, Any], stamp: Stamp) -> dict[str, Any]:
        """Return the content of a model file."""
        return {**payload, _STAMP: asdict(stamp)}

    def read(self, path: Path) -> Saved:
        """Read a model without executing anything that it holds.

        Raises:
            UsageError, GenelabError: as `genelab.rl.checkpoint.load_checkpoint`, and if something else wrote the file.
        """
        payload, meta = load_checkpoint(path)
        if _STAMP not in payload:
            raise GenelabError(f"{path.name} is a checkpoint of another program", where=str(path))
        stamp = Stamp(**payload.pop(_STAMP))
        return Saved(payload, meta, stamp)

    def save(
        self, payload: Any, stamp: Stamp, meta: dict[str, Any], state: dict[str, Any], world: World = ALONE
    ) -> Path:
        """Write a model with its sidecar and its state, so that a killed process leaves a pair that fits, or none.

        The states of all ranks come first, so a model without one cannot be the newest; a model that an abandoned
        continuation left under this number goes before them, because it would not fit the new states.

        Args:
            payload: The model.
            stamp: Names the files and marks them as belonging together.
            meta: The sidecar.
            state: Everything else.
            world: The ranks that train; all call this, each with its own state, and rank 0 writes the model.

        Returns:
            The model's path.
        """
        path = self.model(stamp.iteration)
        if world.is_main:
            self.folder.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
        world.barrier()
        save_tensors(self.state(stamp.iteration, world.rank), {"pair": stamp.pair, **state})
        world.barrier()
        if world.is_main:
            self.write(path, payload, stamp, meta)
            self._remove_old_states()
        world.barrier()
        return path

    def _remove_old_states(self) -> None:
        """States are as large as simulation and replay memory, and only the end of a run is continued."""
        for path in self._numbered(".state.pt")[:-_KEPT_STATES]:
            for of_rank in self.folder.glob(path.name.replace(".state.pt", ".rank*.state.pt")):
                of_rank.unlink()
            path.unlink()

    def load_state(self, path: Path, stamp: Stamp, rank: int = 0) -> dict[str, Any]:
        """Return the state that belongs to the model at `path`, whose stamp this is; it lies beside it.

        Raises:
            GenelabError: if it is gone, or belongs to another model.
        """
        state_path = path.parent / self.state(stamp.iteration, rank).name
        warm_start = f"--checkpoint {path} begins a new run from its weights"
        if not state_path.is_file():
            raise GenelabError(
                f"{path.name} cannot be continued exactly: {state_path.name} is not there",
                where=f"{path.parent} (only the two newest checkpoints keep their state)",
                fix=f"resume the newest checkpoint of the run; or {warm_start}",
            )
        state, _ = load_checkpoint(state_path)
        if stamp.pair is None or stamp.pair != state.get("pair"):
            what = f"{state_path.name} does not belong to {path.name}"
            raise GenelabError(what, where=str(path.parent), fix=warm_start)
        return state

    def remove_fragments(self) -> None:
        """Remove what a killed process left of files it was writing (see `genelab.utils.files.atomic_path`)."""
        for suffix in {self.suffix, ".state.pt"}:
            for path in self.folder.glob(f".{self.stem}*{suffix}.*"):
                path.unlink()

    def _numbered(self, suffix: str) -> list[Path]:
        """Return the files of rank 0 that end with `suffix`, by number."""
        if not self.folder.is_dir():
            return []
        pattern = self.label(r"(\d+)") + re.escape(suffix)
        found = [(match, path) for path in self.folder.iterdir() if (match := re.fullmatch(pattern, path.name))]
        return [path for _, path in sorted((int(match[1]), path) for match, path in found)]
