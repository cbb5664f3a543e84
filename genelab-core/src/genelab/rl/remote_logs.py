"""Services that get a copy of a training's scalars, and how a continued run finds its own there again. Light."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from genelab.api import LOCAL_LOGGERS
from genelab.config.serialization import to_json
from genelab.plugins.catalog import get_catalog
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.files import read_json, write_json

if TYPE_CHECKING:
    from genelab.rl.backends.base import TrainContext

REMOTE_ID = Path("remote_log.json")
"""In a run's folder: the service, and the id of this run there."""


@dataclass(frozen=True)
class RemoteRun:
    """What a service is told of a run.

    Attributes:
        folder: The run's folder.
        project: Where the service files it (`agent.log_project`).
        group: What belongs together there: `agent.experiment_name`.
        known_id: Its id with the service, if it is continued there.
        settings: The agent's config as JSON, the task among it.
    """

    folder: Path
    project: str
    group: str
    known_id: str | None
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """The run's name: its folder and the one around, which tells the children of several seeds apart."""
        return "/".join(self.folder.absolute().parts[-2:])


class RemoteLog(ABC):
    """A run as a service sees it; a `genelab.api.LoggerSpec` names the class. Raises whatever its library raises.

    The class is imported before a training begins, whether its library is there or not: its methods import that.

        class ConsoleLog(RemoteLog):
            title = "The console"

            def __init__(self, run):
                self.id = run.name

            def write(self, iteration, scalars):
                print(iteration, scalars)

            def close(self, *, failed):
                print("failed" if failed else "done")

    Args:
        run: What the service is told of the run.

    Attributes:
        title: The service's name.
        library: Module that must be installed; empty for none.
        install: What pip installs to bring it.
        fix: What to do when the service cannot be reached.
        id: The run's id with the service.
        url: Where people look at it; `None` if that is nowhere on the web.
    """

    title: ClassVar[str]
    library: ClassVar[str] = ""
    install: ClassVar[str] = ""
    fix: ClassVar[str] = ""

    id: str
    url: str | None = None

    @abstractmethod
    def __init__(self, run: RemoteRun) -> None: ...

    @classmethod
    def require_ready(cls) -> None:
        """Check what can be known before the simulator starts, without importing the library.

        Raises:
            UsageError: if the library is missing, or nobody is logged in.
        """
        module = find_spec(cls.library) if cls.library else None
        if cls.library and (module is None or module.origin is None):  # a folder of that name has no origin
            raise UsageError(
                f"{cls.title} is not installed", fix=f"pip install '{cls.install}', or --agent.logger tensorboard"
            )

    @abstractmethod
    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        """Send the scalars of one iteration."""

    @abstractmethod
    def close(self, *, failed: bool) -> None:
        """Send what is left, and whether the training failed."""


def remote_log_class(logger: str) -> type[RemoteLog] | None:
    """Return the service that `agent.logger` names; `None` for a value that names none.

    Raises:
        UsageError: for an unknown name.
    """
    if logger in LOCAL_LOGGERS:
        return None
    catalog = get_catalog()
    spec = catalog.logger(logger)
    return catalog.load(spec, spec.logger)


def require_logger(logger: str) -> None:
    """Check that `agent.logger` names a service that can be used, or none.

    Raises:
        UsageError: if not.
    """
    try:
        service = remote_log_class(logger)
        if service is not None:
            service.require_ready()
    except UsageError as error:
        raise UsageError(error.what, where=f"agent.logger = {logger}", fix=error.fix) from error


def open_remote_log(ctx: TrainContext) -> RemoteLog | None:
    """Begin the run of `ctx` with the service of `agent.logger`, or go on with it if the run is continued.

    Returns:
        `None` if the logger is no service.

    Raises:
        GenelabError: if the service cannot be reached.
    """
    logger, path = ctx.agent.logger, ctx.log_dir / REMOTE_ID
    service = remote_log_class(logger)
    if service is None:
        return None
    known = read_json(path) if ctx.resume is not None and path.exists() else {}
    run = RemoteRun(
        folder=ctx.log_dir,
        project=ctx.agent.log_project,
        group=ctx.agent.experiment_name,
        known_id=known["id"] if known.get("logger") == logger else None,
        settings={"task": ctx.task_id, **to_json(ctx.agent)},
    )
    try:
        log = service(run)
    except Exception as error:
        raise GenelabError(
            f"{service.title} cannot be reached: {first_line(error)}",
            where=f"agent.logger = {logger}",
            fix=service.fix or None,
        ) from error
    write_json(path, {"logger": logger, "id": log.id, "project": run.project, "url": log.url})
    print(f"{service.title}: {log.url or f'run {log.id} of {run.project}'}", file=sys.stderr)
    return log
