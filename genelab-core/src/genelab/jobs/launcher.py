"""The contract of a launcher: how `genelab` starts other `genelab` commands, here or on other machines.

A `WatchedLauncher` starts one job at a time and keeps a handle of it; a `SubmittingLauncher` hands all jobs to a batch
system and is done. Both are named by a `LauncherSpec` and are made with the user's `--launcher-option KEY=VALUE`.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genelab.plugins.catalog import discovered, get_catalog
from genelab.runs.eval_request import EvalRequest
from genelab.utils.errors import GenelabError
from genelab.utils.names import unknown_name


@dataclass(frozen=True, kw_only=True)
class Job:
    """One command to run.

    Attributes:
        name: Unique among the jobs that are started together.
        command: Program and arguments, run in the present working directory.
        log: File that gets its standard output and error, appended; its folder exists.
        environment: Variables to set on top of those that the launcher's processes have.
        gpus: GPUs it needs; 0 for one that takes what it finds.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    gpus: int = 0


def evaluation_job(request: EvalRequest, *, name: str, log: Path) -> Job:
    """Return the job of `genelab eval` that serves `request`, with the plugins of this process."""
    command = (sys.executable, "-m", "genelab", "eval", *request.arguments())
    return Job(name=name, command=command, log=log, environment=discovered().child_environment())


class JobHandle(ABC):
    """A job that was started."""

    @abstractmethod
    def poll(self) -> int | None:
        """Return the exit status, negative for the signal that ended it, or `None` while it runs or waits."""

    @abstractmethod
    def stop(self) -> None:
        """Ask the job to save what it has and end; a job that has ended is left alone."""

    @abstractmethod
    def kill(self) -> None:
        """End the job without letting it save, as fast as the engine can."""


class Launcher:
    """What both kinds of launcher share.

    Args:
        options: The user's `--launcher-option KEY=VALUE`.

    Attributes:
        option_names: Keys that it takes; `None` for any.

    Raises:
        UsageError: for a key that it does not take, or when its engine is not installed.
    """

    option_names: tuple[str, ...] | None = ()

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = dict(options)
        for key in self.options:
            if self.option_names is not None and key not in self.option_names:
                raise unknown_name("launcher option", key, self.option_names, where="--launcher-option")

    def require_gpus(self, count: int) -> None:
        """Raise `UsageError` if it is certain that no job could get `count` GPUs. Most engines do not know."""


class WatchedLauncher(Launcher, ABC):
    """Starts jobs whose fate the caller follows."""

    @abstractmethod
    def launch(self, job: Job) -> JobHandle:
        """Start `job`.

        Raises:
            GenelabError: if it cannot be started.
        """


class SubmittingLauncher(Launcher, ABC):
    """Hands jobs to a batch system that runs them at some time."""

    @abstractmethod
    def submit(self, jobs: Sequence[Job], *, folder: Path, parallel: int, force: bool) -> str:
        """Submit `jobs` and return one line that says what became of them.

        Args:
            jobs: Jobs.
            folder: Where files that this needs are written.
            parallel: How many may run at the same time.
            force: Files of an earlier submission may be replaced.

        Raises:
            UsageError: if there are such files and `force` is not given.
            GenelabError: if the batch system refuses.
        """


def make_launcher(name: str, options: Mapping[str, str]) -> WatchedLauncher | SubmittingLauncher:
    """Make the launcher called `name`.

    Raises:
        UsageError: for an unknown name or option, or an engine that is not installed.
        GenelabError: if a plugin's launcher is of neither kind.
    """
    catalog = get_catalog()
    spec = catalog.launcher(name)
    launcher = catalog.load(spec, spec.launcher)(options)
    if not isinstance(launcher, (WatchedLauncher, SubmittingLauncher)):
        raise GenelabError(
            f"launcher {spec.name} is neither a WatchedLauncher nor a SubmittingLauncher", where=spec.launcher
        )
    return launcher
