"""From a task's id to its configs, ready to run. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genelab.api import BackendSpec, TaskSpec
from genelab.plugins.catalog import Catalog, get_catalog
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.names import normalize

if TYPE_CHECKING:
    from genelab.config.task import TaskCfg


@dataclass
class LoadedTask:
    """A task with its configs.

    Attributes:
        cfg: Completed (`eval_env` and `play_env` are there) and overridden; `cfg.agent` is set when `backend` is.
        backend: The chosen backend; `None` for a task without agents, or when its default backend is not installed.
    """

    spec: TaskSpec
    cfg: TaskCfg
    backend: BackendSpec | None

    def require_backend(self) -> BackendSpec:
        """Return the backend.

        Raises:
            UsageError: when the task cannot be trained, or its default backend is not installed (with the pip command).
        """
        if self.backend is not None:
            return self.backend
        if self.spec.default_backend is not None:
            get_catalog().backend(self.spec.default_backend)
        raise UsageError(
            f"{self.spec.id} has no agent, so it cannot be trained", fix="name a --backend, if it has rewards"
        )


def load_task(task_id: str, *, backend: str | None = None, overrides: Sequence[tuple[str, str]] = ()) -> LoadedTask:
    """Build a task's configs afresh and apply `overrides` to them, once.

    Args:
        task_id: `id` or `distribution::id`.
        backend: Backend whose agent goes into `cfg.agent`; the task's default when omitted. A task without an agent for
            it gets the backend's own default.
        overrides: Pairs of dotted path and text, as from the command line.

    Raises:
        UsageError: for an unknown task, backend or path, a wrong value, or a `backend` that is not installed.
        GenelabError: when the plugin's factory fails.
    """
    catalog = get_catalog()
    spec = catalog.task(task_id)
    chosen = _choose_backend(
        catalog, spec, backend, wants_agent=any(path.startswith("agent.") for path, _ in overrides)
    )
    from genelab.config.overrides import apply_overrides  # pydantic: not needed to say that a name is unknown
    from genelab.config.task import TaskCfg

    cfg = _built(catalog, spec, spec.config)
    if not isinstance(cfg, TaskCfg):
        raise GenelabError(f"{spec.id}: its factory returned {type(cfg).__name__}, not a TaskCfg", where=spec.config)
    if chosen is not None:
        cfg.agent = _agent(catalog, spec, chosen, cfg)
    return LoadedTask(spec, apply_overrides(cfg, list(overrides)), chosen)


def is_registered(task_id: str) -> bool:
    """Return whether a task of this id is installed, unambiguous or not."""
    key = normalize(task_id.rpartition("::")[2])
    return any(normalize(known.rpartition("::")[2]) == key for known in get_catalog().tasks)


def _choose_backend(catalog: Catalog, spec: TaskSpec, name: str | None, *, wants_agent: bool) -> BackendSpec | None:
    """Return the named backend, or the task's default.

    A default that is not installed is `None`, because playing with random actions needs none; unless an override
    speaks of the agent: then it is the error that names the pip command.
    """
    if name is not None:
        return catalog.backend(name)
    default = spec.default_backend
    if default is None:
        return None
    if wants_agent or normalize(default) in map(normalize, catalog.backends):
        return catalog.backend(default)
    return None


def _agent(catalog: Catalog, spec: TaskSpec, backend: BackendSpec, cfg: TaskCfg) -> Any:
    references = {normalize(name): reference for name, reference in spec.agents.items()}
    reference = references.get(normalize(backend.name))
    if reference is not None:
        agent = _built(catalog, spec, reference)
    else:
        agent = catalog.load(backend, backend.backend)().default_config(cfg.env)
        reference = backend.backend
    config_type = catalog.load(backend, backend.config_type)
    if not isinstance(agent, config_type):
        made, wanted = type(agent).__name__, config_type.__name__
        raise GenelabError(f"{spec.id}: the agent for {backend.name} is a {made}, not a {wanted}", where=reference)
    return agent


def _built(catalog: Catalog, spec: TaskSpec, reference: str) -> Any:
    """Call a factory of the task's plugin; what it raises is a failure of that plugin."""
    factory = catalog.load(spec, reference)
    try:
        return factory()
    except GenelabError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        plugin = catalog.owner(spec).name
        raise GenelabError(
            f"{spec.id}: its factory failed: {reason}",
            where=f"{reference}, plugin {plugin}",
            fix="GENELAB_DEBUG=1 shows more",
        ) from error
