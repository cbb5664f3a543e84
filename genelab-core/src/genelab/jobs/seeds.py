"""One training for each of several seeds, in processes of their own.

The parent folder is `logs/multi-seed/<task>/<YYYY-MM-DD_HH-MM-SS>/`; it holds `multi_seed.json` and, for each seed, a
run directory `seed_<S>` whose `output.log` is what the process printed; with `--stages`, a folder of stages instead.
`genelab.jobs.folder.run_recorded` starts the jobs, follows them and records how they stand.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from genelab.jobs.folder import JobFolder
from genelab.jobs.launcher import Job, SubmittingLauncher
from genelab.jobs.stages import Stages
from genelab.plugins.catalog import discovered
from genelab.runs.run_dir import RunDir, create_run_dir, make_folder
from genelab.utils.errors import UsageError

LOG = Path("output.log")


@dataclass(frozen=True)
class MultiSeed(JobFolder):
    """A folder of runs that differ in their seed only; its record names task, backend, launcher, GPUs and arguments."""

    FILE: ClassVar[Path] = Path("multi_seed.json")
    KEYS: ClassVar[tuple[str, ...]] = ("task", "launcher", "gpus", "arguments", "seeds")
    ENTRIES: ClassVar[str] = "seeds"

    @property
    def seeds(self) -> list[int]:
        return [entry["seed"] for entry in self.entries]

    def run_dir(self, seed: int) -> RunDir:
        return RunDir(self.path / f"seed_{seed}")

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
        if run.begun() or Stages.is_at(run.path):
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
    entries = [{"seed": seed, "run": f"seed_{seed}"} for seed in seeds]
    facts = {"task": task, "backend": backend, "launcher": launcher, "gpus": gpus, "arguments": list(arguments)}
    return MultiSeed.begin(path, entries, **facts)


def _claim(path: Path) -> Path:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        fix = "choose another --log-dir"
        if MultiSeed.is_at(path):
            fix += f", or go on with its unfinished seeds: --resume {path}"
        raise UsageError(f"{path} exists already and is not empty", fix=fix)
    return make_folder(path)


def submit_seeds(
    multi_seed: MultiSeed, jobs: Sequence[Job], launcher: SubmittingLauncher, *, parallel: int, force: bool
) -> str:
    """Submit the jobs of a parent folder; returns what the launcher says."""
    said = launcher.submit(jobs, folder=multi_seed.path, parallel=parallel, force=force)
    for job in jobs:
        multi_seed.note(job.name, "submitted")
    return said


def _finished(run: RunDir) -> bool:
    """Return whether a seed's run, or each of its stages, used up its budget."""
    return not Stages.open(run.path).unfinished() if Stages.is_at(run.path) else run.finished()
