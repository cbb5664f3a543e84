"""A run's folder: where it is made, what is in it, and how its own configs are read back.

The folder is `logs/<backend>/<experiment_name>/<YYYY-MM-DD_HH-MM-SS>[_<run_name>]/` and holds

- `params/env.json`: env, eval_env and play_env;
- `params/agent.json`: `{"backend": name, "agent": config}`;
- `provenance.json`: task, versions, hardware, plugins, git, command (`genelab.runs.provenance`);
- `status.json`: running, finished, stopped or failed, and the last checkpoint;
- the backend's checkpoints and logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genelab.api import TaskSpec
from genelab.config.serialization import from_json, to_json
from genelab.config.task import TaskCfg
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import LoadedTask, is_registered
from genelab.rl.backends.base import Backend
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import read_json, read_record, write_json
from genelab.utils.names import normalize

ENV_PARAMS, AGENT_PARAMS = Path("params/env.json"), Path("params/agent.json")
PROVENANCE, STATUS = Path("provenance.json"), Path("status.json")
EVALUATIONS, BEST_META = Path("evaluations.jsonl"), Path("best_model_meta.json")
VARIANTS = ("env", "eval_env", "play_env")
PROVENANCE_KEYS = ("task", "task_config", "task_kind", "versions", "plugins", "seeds")

_UNSAFE = re.compile(r"[^\w.\-+]+")


@dataclass(frozen=True)
class RunDir:
    """A run directory at `path`."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    # ---- configs

    def write_params(self, cfg: TaskCfg, backend: str) -> None:
        """Write the configs that rebuild this run."""
        write_json(self.path / ENV_PARAMS, {name: to_json(getattr(cfg, name)) for name in VARIANTS})
        write_json(self.path / AGENT_PARAMS, {"backend": backend, "agent": to_json(cfg.agent)})

    def backend_name(self) -> str:
        """Return the name of the backend that trained here."""
        return str(self._params(AGENT_PARAMS, "backend")["backend"])

    def read_params(self, trusted: Callable[[str], bool] | None) -> TaskCfg:
        """Rebuild the run's configs from its files alone.

        Args:
            trusted: Which top-level packages the files may name (`Catalog.trusts`); `None` for all.

        Raises:
            UsageError: for files that are missing or name code outside the installed plugins.
            GenelabError: when the code that the files name no longer fits them.
        """
        env = self._params(ENV_PARAMS, *VARIANTS)
        agent = self._params(AGENT_PARAMS, "agent")
        try:
            parts = {name: from_json(env[name], trusted=trusted) for name in VARIANTS}
            return TaskCfg(**parts, agent=from_json(agent["agent"], trusted=trusted))
        except (ImportError, ValueError) as error:
            raise GenelabError(
                f"the run's configs cannot be rebuilt with what is installed: {error}",
                where=str(self.path / "params"),
                fix="install the versions named in provenance.json, or train anew",
            ) from error

    def _params(self, name: Path, *keys: str) -> dict[str, Any]:
        return read_record(self.path / name, keys)

    # ---- what is known of the run

    def write_provenance(self, provenance: dict[str, Any]) -> None:
        write_json(self.path / PROVENANCE, provenance)

    def provenance(self) -> dict[str, Any]:
        """Return what was recorded when the run began."""
        return read_record(self.path / PROVENANCE, PROVENANCE_KEYS)

    def write_status(self, status: str, **details: Any) -> None:
        """Record how the run stands; `details` are kept until they are overwritten."""
        before = read_json(self.path / STATUS) if (self.path / STATUS).exists() else {}
        write_json(self.path / STATUS, {**before, **details, "status": status, "updated_at": now()})

    def status(self) -> dict[str, Any]:
        return read_record(self.path / STATUS, ("status",))

    def begun(self) -> bool:
        """Return whether a training began here, so that it is to be resumed."""
        return (self.path / AGENT_PARAMS).exists()

    def finished(self) -> bool:
        """Return whether the training here used up its budget."""
        return (self.path / STATUS).exists() and self.status()["status"] == "finished"


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def create_run_dir(backend: str, experiment: str, run_name: str = "", *, root: Path = Path("logs")) -> RunDir:
    """Make a new directory for a run; a second one in the same second gets a number."""
    name = datetime.now().strftime("%Y-%m-%d_%H-%M-%S") + (f"_{_file_name(run_name)}" if run_name else "")
    parent = root / _file_name(backend) / _file_name(experiment)
    attempt = 1
    while True:
        path = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            attempt += 1
        except OSError as error:
            raise _cannot_create(path, error) from error
        else:
            return RunDir(path)


def claim_run_dir(path: Path) -> RunDir:
    """Use the directory that the user named; it must not hold a run already.

    Raises:
        UsageError: if there is a run in it.
    """
    if (path / AGENT_PARAMS).exists():
        raise UsageError(
            f"{path} holds a run already",
            fix=f"choose another --log-dir, or continue that run with --resume {path}",
        )
    return RunDir(make_folder(path))


def make_folder(path: Path) -> Path:
    """Make the folder that the user named with `--log-dir` and return it.

    Raises:
        GenelabError: if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_create(path, error) from error
    return path


def _cannot_create(path: Path, error: OSError) -> GenelabError:
    return GenelabError(f"cannot create {path}: {error.strerror or error}", fix="choose another --log-dir")


def _file_name(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.") or "run"


def open_run_dir(path: Path) -> RunDir:
    """Open an existing run.

    Raises:
        UsageError: if there is none at `path`.
    """
    if path.is_file():
        raise UsageError(f"{path} is a file, not a run directory", fix=f"name its folder: {path.parent}")
    if not path.is_dir():
        raise UsageError(f"no such run: {path}")
    if not (path / AGENT_PARAMS).exists():
        raise UsageError(f"{path} is not a run directory", fix=f"one has {AGENT_PARAMS}, written by genelab train")
    return RunDir(path)


def run_dir_of(path: Path) -> RunDir | None:
    """Return the run that `path` is or lies in, or `None`."""
    for folder in (path, *path.parents, *path.absolute().parents):
        if (folder / AGENT_PARAMS).exists():
            return RunDir(folder)
    return None


def load_run(run: RunDir, task_id: str, *, trust: bool = False) -> LoadedTask:
    """Load a run's own configs; the task itself need not be registered any more.

    Args:
        run: The run.
        task_id: The task that the user named.
        trust: Let the configs name code outside the installed plugins.

    Raises:
        UsageError: if it is a run of another task, or its configs name code that is not trusted.
        GenelabError: if its configs no longer fit what is installed.
    """
    catalog = get_catalog()
    origin = run.provenance()
    if normalize(origin["task"]) != normalize(task_id.rpartition("::")[2]):
        raise UsageError(f"{run} is a run of {origin['task']}, not of {task_id}")
    cfg = run.read_params(None if trust else catalog.trusts)
    spec = TaskSpec(id=origin["task"], config=origin["task_config"], kind=origin["task_kind"])
    if is_registered(task_id):
        spec = catalog.task(task_id)
    return LoadedTask(spec, cfg, catalog.backend(run.backend_name()))


def newest_checkpoint(backend: Backend, run: RunDir) -> Path:
    """Return the checkpoint of a run with the most iterations.

    Raises:
        UsageError: if it has none.
    """
    checkpoints = backend.checkpoints(run.path)
    if not checkpoints:
        raise UsageError(
            f"{run} holds no checkpoint", fix="train longer: one is written every save_interval and at the end"
        )
    return checkpoints[-1]
