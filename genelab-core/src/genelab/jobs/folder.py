"""A folder of runs that belong together, and the record in it that says how each of them stands."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from genelab.jobs.jobs import JobRun, JobsReport, run_jobs
from genelab.jobs.launcher import Job, WatchedLauncher
from genelab.runs.run_dir import now
from genelab.runs.run_lock import RunLock
from genelab.utils.files import read_record, write_json


@dataclass(frozen=True)
class JobFolder:
    """Base of a folder with a JSON record.

    The record has whatever the kind of folder needs, the command that began it, and a list with an entry for each run:
    `"run"`, its folder in this one; `"state"`, as in `genelab.jobs.jobs.State` or `"submitted"`; `"status"`, its exit
    status.

    Attributes:
        path: The folder.
        record: What the record says.
        FILE: Name of the record.
        KEYS: What it must have.
        ENTRIES: Key of the list.
    """

    FILE: ClassVar[Path]
    KEYS: ClassVar[tuple[str, ...]]
    ENTRIES: ClassVar[str]

    path: Path
    record: dict[str, Any]

    @classmethod
    def is_at(cls, path: Path) -> bool:
        """Return whether `path` is a folder of this kind."""
        return (path / cls.FILE).is_file()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder.

        Raises:
            UsageError: if its record is damaged.
        """
        return cls(path, read_record(path / cls.FILE, cls.KEYS))

    @classmethod
    def begin(cls, path: Path, entries: Sequence[dict[str, Any]], **facts: Any) -> Self:
        """Write the record of a new folder; each entry names its `"run"` and whatever else tells it apart."""
        command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
        waiting = [{**entry, "state": "waiting", "status": None} for entry in entries]
        folder = cls(path, {**facts, "command": command, "created_at": now(), cls.ENTRIES: waiting})
        folder.write()
        return folder

    @property
    def entries(self) -> list[dict[str, Any]]:
        return self.record[self.ENTRIES]

    def note(self, run: str, state: str, status: int | None = None) -> None:
        """Record how a run stands, if that has changed."""
        entry = next(entry for entry in self.entries if entry["run"] == run)
        if (entry["state"], entry["status"]) != (state, status):
            entry.update(state=state, status=status)
            self.write()

    def note_jobs(self, runs: Sequence[JobRun]) -> None:
        """Record how jobs stand; their names are those of the runs."""
        for run in runs:
            self.note(run.job.name, run.state, run.status)

    def write(self) -> None:
        write_json(self.path / self.FILE, {**self.record, "updated_at": now()})


def run_recorded(
    folder: Path,
    jobs: Sequence[Job],
    launcher: WatchedLauncher,
    *,
    parallel: int,
    note: Callable[[Sequence[JobRun]], None],
    show: Callable[[Sequence[JobRun]], None] = lambda runs: None,
    announce: Callable[[int], None] = lambda signum: None,
) -> JobsReport:
    """Run jobs and keep a record of how they stand, whatever ends them; see `genelab.jobs.jobs.run_jobs`.

    Args:
        folder: The folder that no other process may work in meanwhile.
        jobs: What to run.
        launcher: What starts them.
        parallel: How many run at the same time.
        note: Records how they stand; called each time that somebody looks, and at the end.
        show: Called after it.
        announce: Called with the signal's number when the first one arrives.

    Raises:
        UsageError: if another process works in the folder.
    """
    runs = [JobRun(job) for job in jobs]

    def look(present: Sequence[JobRun]) -> None:
        note(present)
        show(present)

    with RunLock(folder):
        try:
            return run_jobs(runs, launcher, parallel=parallel, show=look, announce=announce)
        except BaseException:
            for run in runs:
                if run.state in ("waiting", "running"):
                    run.state = "stopped"
            note(runs)
            raise
