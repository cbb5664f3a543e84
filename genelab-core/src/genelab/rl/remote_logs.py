"""Services that get a copy of a training's scalars, and how a continued run finds its own there again. Light."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.config.serialization import to_json
from genelab.rl.wandb_login import may_log_in
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.files import read_json, write_json
from genelab.utils.references import resolve

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
    """A run as a service sees it. Constructed with a `RemoteRun`; raises whatever the service's library raises.

    Attributes:
        id: The run's id with the service.
        url: Where people look at it; `None` if that is nowhere on the web.
    """

    id: str
    url: str | None = None

    @abstractmethod
    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        """Send the scalars of one iteration."""

    @abstractmethod
    def close(self, *, failed: bool) -> None:
        """Send what is left, and whether the training failed."""


@dataclass(frozen=True)
class RemoteLogSpec:
    """How a service is reached.

    Attributes:
        log: Reference of its `RemoteLog`.
        title: Its name.
        fix: What to do when it cannot be reached.
    """

    log: str
    title: str
    fix: str


REMOTE_LOGS = {
    "wandb": RemoteLogSpec("genelab.rl.wandb_log:WandbLog", "Weights & Biases", "wandb login, or WANDB_MODE=offline"),
    "mlflow": RemoteLogSpec("genelab.rl.mlflow_log:MlflowLog", "MLflow", "set MLFLOW_TRACKING_URI to your server"),
}
"""By the value of `agent.logger`, which is also the name of the module and of the extra that brings it."""


def require_logger(logger: str) -> None:
    """Check that the library of `logger` is installed, without importing it, and that nobody has to log in first.

    Raises:
        UsageError: if not.
    """
    if logger not in REMOTE_LOGS:
        return
    module = find_spec(logger)
    if module is None or module.origin is None:  # a folder of that name, such as wandb makes, has no origin
        raise UsageError(
            f"{REMOTE_LOGS[logger].title} is not installed",
            where=f"agent.logger = {logger}",
            fix=f"pip install 'genelab-core[{logger}]', or --agent.logger tensorboard",
        )
    if logger == "wandb" and not may_log_in():
        raise UsageError(
            f"{REMOTE_LOGS[logger].title} does not know who you are: there is no key and no terminal to ask for one",
            where=f"agent.logger = {logger}",
            fix=f"{REMOTE_LOGS[logger].fix}, or --agent.logger tensorboard",
        )


def open_remote_log(ctx: TrainContext) -> RemoteLog:
    """Begin the run of `ctx` with the service of `agent.logger`, or go on with it if the run is continued.

    Raises:
        GenelabError: if the service cannot be reached.
    """
    logger, path = ctx.agent.logger, ctx.log_dir / REMOTE_ID
    known = read_json(path) if ctx.resume is not None and path.exists() else {}
    run = RemoteRun(
        folder=ctx.log_dir,
        project=ctx.agent.log_project,
        group=ctx.agent.experiment_name,
        known_id=known["id"] if known.get("logger") == logger else None,
        settings={"task": ctx.task_id, **to_json(ctx.agent)},
    )
    spec = REMOTE_LOGS[logger]
    try:
        log: RemoteLog = resolve(spec.log)(run)
    except Exception as error:
        raise GenelabError(
            f"{spec.title} cannot be reached: {first_line(error)}", where=f"agent.logger = {logger}", fix=spec.fix
        ) from error
    write_json(path, {"logger": logger, "id": log.id, "project": run.project, "url": log.url})
    print(f"{spec.title}: {log.url or f'run {log.id} of {run.project}'}", file=sys.stderr)
    return log
