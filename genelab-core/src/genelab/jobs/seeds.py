"""One training for each of several seeds, in processes of their own.

The parent folder is `logs/multi-seed/<task>/<YYYY-MM-DD_HH-MM-SS>/`; it holds `multi_seed.json` and, for each seed, a
run directory `seed_<S>` whose `output.log` is what the process printed; with `--stages`, a folder of
stages instead.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.jobs.jobs import JobRun, JobsReport, run_jobs
from genelab.jobs.launcher import Job, SubmittingLauncher, WatchedLauncher
from genelab.jobs.stages import is_staged, open_stages
from genelab.plugins.catalog import discovered
from genelab.runs.run_dir import RunDir, create_run_dir, now
from genelab.runs.run_lock import RunLock
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import read_record, write_json

RECORD = Path("multi_seed.json")
LOG = Path("output.log")
_KEYS = ("task", "launcher", "gpus", "arguments", "seeds")


@dataclass(frozen=True)
class MultiSeed:
    """A folder of runs that differ in their seed only.

    Attributes:
        path: The parent folder.
        record: What `multi_seed.json` says: task, backend, launcher, command, arguments, and for each seed its run,
            state and exit status.
    """

    path: Path
    record: dict[str, Any]

    @property
    def seeds(self) -> list[int]:
        return [entry["seed"] for entry in self.record["seeds"]]

    def run_dir(self, seed: int) -> RunDir:
        return RunDir(self.path / f"seed_{seed}")

    def write(self) -> None:
        write_json(self.path / RECORD, {**self.record, "updated_at": now()})

    def note(self, runs: Sequence[JobRun]) -> None:
        """Record how the jobs stand, if that has changed."""
        entries = {entry["run"]: entry for entry in self.record["seeds"]}
        changed = False
        for run in runs:
            entry, present = entries[run.job.name], {"state": run.state, "status": run.status}
            changed |= any(entry[key] != value for key, value in present.items())
            entry.update(present)
        if changed:
            self.write()

    def unfinished(self) -> list[int]:
        """Return the seeds whose run did not use up its budget."""
        return [seed for seed in self.seeds if not _finished(self.run_dir(seed))]

    def jobs(self, seeds: Sequence[int], resume_arguments: Sequence[str] = ()) -> list[Job]:
        """Return a job for each of `seeds`: a new run, or its continuation if it has begun.

        Args:
            seeds: Some of this folder's.
            resume_arguments: Further arguments of those that are continued.
        """
        return [self._job(seed, resume_arguments) for seed in seeds]

    def _job(self, seed: int, resume_arguments: Sequence[str]) -> Job:
        gpus = self.record["gpus"]
        run = self.run_dir(seed)
        run.path.mkdir(exist_ok=True)
        if run.begun() or is_staged(run.path):
            arguments = [*resume_arguments, f"--resume={run.path}", *([f"--gpus={gpus}"] if gpus else [])]
        else:
            arguments = [*self.record["arguments"], f"--seed={seed}", f"--log-dir={run.path}"]
        return Job(
            name=run.path.name,
            command=(sys.executable, "-m", "genelab", "train", self.record["task"], *arguments),
            log=run.path / LOG,
            environment=discovered().child_environment(),
            gpus=gpus,
        )


def create_multi_seed(
    task: str,
    backend: str,
    seeds: Sequence[int],
    arguments: Sequence[str],
    *,
    launcher: str,
    gpus: int = 0,
    log_dir: Path | None = None,
) -> MultiSeed:
    """Make the parent folder and its record.

    Args:
        task: The task's id.
        backend: Name of the backend.
        seeds: The seeds.
        arguments: Arguments of `genelab train TASK` that all of them share.
        launcher: Name of the launcher.
        gpus: GPUs on which each of them trains with a process each; 0 for a training in one process.
        log_dir: The folder; `None` makes one below `logs/`.

    Raises:
        UsageError: if `log_dir` is not empty.
        GenelabError: if it cannot be made.
    """
    path = create_run_dir("multi-seed", task).path if log_dir is None else _claim(log_dir)
    record = {
        "task": task,
        "backend": backend,
        "launcher": launcher,
        "gpus": gpus,
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "arguments": list(arguments),
        "created_at": now(),
        "seeds": [{"seed": seed, "run": f"seed_{seed}", "state": "waiting", "status": None} for seed in seeds],
    }
    multi_seed = MultiSeed(path, record)
    multi_seed.write()
    return multi_seed


def _claim(path: Path) -> Path:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        fix = "choose another --log-dir"
        if (path / RECORD).exists():
            fix += f", or go on with its unfinished seeds: --resume {path}"
        raise UsageError(f"{path} exists already and is not empty", fix=fix)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GenelabError(f"cannot create {path}: {error.strerror}", fix="choose another --log-dir") from error
    return path


def is_multi_seed(path: Path) -> bool:
    """Return whether `path` is the parent folder of several seeds."""
    return (path / RECORD).is_file()


def open_multi_seed(path: Path) -> MultiSeed:
    """Open a parent folder.

    Raises:
        UsageError: if its record is damaged.
    """
    return MultiSeed(path, read_record(path / RECORD, _KEYS))


def run_seeds(
    multi_seed: MultiSeed,
    jobs: Sequence[Job],
    launcher: WatchedLauncher,
    *,
    parallel: int,
    show: Callable[[Sequence[JobRun]], None] = lambda runs: None,
    announce: Callable[[int], None] = lambda signum: None,
) -> JobsReport:
    """Run the jobs of a parent folder and keep its record up to date; see `run_jobs`."""
    seen: list[JobRun] = []

    def note(runs: Sequence[JobRun]) -> None:
        seen[:] = runs
        multi_seed.note(runs)
        show(runs)

    with RunLock(multi_seed.path):
        try:
            return run_jobs(jobs, launcher, parallel=parallel, show=note, announce=announce)
        except BaseException:
            for run in seen:
                if run.state in ("waiting", "running"):
                    run.state = "stopped"
            multi_seed.note(seen)
            raise


def submit_seeds(
    multi_seed: MultiSeed, jobs: Sequence[Job], launcher: SubmittingLauncher, *, parallel: int, force: bool
) -> str:
    """Submit the jobs of a parent folder; returns what the launcher says."""
    said = launcher.submit(jobs, folder=multi_seed.path, parallel=parallel, force=force)
    submitted = {job.name for job in jobs}
    for entry in multi_seed.record["seeds"]:
        if entry["run"] in submitted:
            entry.update(state="submitted", status=None)
    multi_seed.write()
    return said


def _finished(run: RunDir) -> bool:
    """Return whether a seed's run, or each of its stages, used up its budget."""
    return not open_stages(run.path).unfinished() if is_staged(run.path) else run.finished()
