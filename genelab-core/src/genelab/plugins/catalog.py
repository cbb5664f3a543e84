"""The catalog: everything a user can name, by name."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar

from genelab.api import (
    LOCAL_LOGGERS,
    RECORD_HOOKS,
    BackendSpec,
    CommandSpec,
    EngineSpec,
    ExporterSpec,
    LauncherSpec,
    LoggerSpec,
    MetricSpec,
    ObservationKindSpec,
    Record,
    ReportSectionSpec,
    RunEvent,
    RunExtensionSpec,
    TaskSpec,
)
from genelab.plugins.builtin import CORE_COMMANDS
from genelab.plugins.candidates import Candidate, extra_candidates, installed_candidates, rooms_left_out
from genelab.plugins.conflicts import Index, Owned, build_index
from genelab.plugins.discovery import load_plugins
from genelab.plugins.lookup import absentees, not_found
from genelab.plugins.observers import Observers
from genelab.plugins.selection import ALLOW, DISABLE, EXTRA, PINNED, STRICT, Selection
from genelab.plugins.status import PluginStatus
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.names import normalize
from genelab.utils.references import resolve

KINDS = (
    "tasks",
    "backends",
    "exporters",
    "metrics",
    "commands",
    "launchers",
    "loggers",
    "engines",
    "observation_kinds",
    "run_extensions",
    "report_sections",
)
"""Attributes of a catalog that hold records."""

R = TypeVar("R", bound=Record)


class Catalog:
    """Plugins and their records.

    Attributes:
        plugins: What became of each plugin, the core first.
        tasks, backends, exporters, metrics, commands, launchers, loggers, engines, observation_kinds, run_extensions,
        report_sections: Records by the name that reaches them.
    """

    def __init__(self, candidates: Iterable[Candidate], selection: Selection) -> None:
        contributions = load_plugins(candidates, selection)
        self.selection = selection
        self.plugins: list[PluginStatus] = [contribution.plugin for contribution in contributions]
        self._observers = Observers((item.plugin.name, call) for item in contributions for call in item.observers)
        self._indices: dict[str, Index[Any]] = {
            hook: build_index(
                Owned(record, item.plugin) for item in contributions for record in item.records.get(hook, [])
            )
            for hook in RECORD_HOOKS
        }
        self._owners = {
            id(owned.record): owned.plugin for index in self._indices.values() for owned in index.qualified.values()
        }
        self.tasks: dict[str, TaskSpec] = self._indices["genelab_tasks"].listed
        self.backends: dict[str, BackendSpec] = self._indices["genelab_backends"].listed
        self.exporters: dict[str, ExporterSpec] = self._indices["genelab_exporters"].listed
        self.metrics: dict[str, MetricSpec] = self._indices["genelab_eval_metrics"].listed
        self.commands: dict[str, CommandSpec] = self._indices["genelab_commands"].listed
        self.launchers: dict[str, LauncherSpec] = self._indices["genelab_launchers"].listed
        self.loggers: dict[str, LoggerSpec] = self._indices["genelab_loggers"].listed
        self.engines: dict[str, EngineSpec] = self._indices["genelab_engines"].listed
        self.observation_kinds: dict[str, ObservationKindSpec] = self._indices["genelab_observation_kinds"].listed
        self.run_extensions: dict[str, RunExtensionSpec] = self._indices["genelab_run_extensions"].listed
        self.report_sections: dict[str, ReportSectionSpec] = self._indices["genelab_report_sections"].listed

    @property
    def own_commands(self) -> list[CommandSpec]:
        """GeneLab's commands: the kernel's, then those of its rooms."""
        return [*CORE_COMMANDS, *(spec for spec in self.commands.values() if self.owner(spec).own)]

    @property
    def foreign_commands(self) -> list[CommandSpec]:
        """Commands of all other plugins."""
        return [spec for spec in self.commands.values() if not self.owner(spec).own]

    def task(self, name: str) -> TaskSpec:
        """Return the task called `name` (`id` or `distribution::id`).

        Raises:
            UsageError: when there is none (with the nearest ids and the plugins that may have provided it), or when
                several plugins claim it. The other look-ups raise the same.
        """
        return self._find("genelab_tasks", "task", name)

    def backend(self, name: str) -> BackendSpec:
        """Return the backend called `name`."""
        return self._find("genelab_backends", "backend", name)

    def exporter(self, name: str) -> ExporterSpec:
        """Return the exporter for the format called `name`."""
        return self._find("genelab_exporters", "export format", name)

    def metric(self, name: str) -> MetricSpec:
        """Return the metric called `name`."""
        return self._find("genelab_eval_metrics", "metric", name)

    def command(self, name: str) -> CommandSpec:
        """Return the plugins' command called `name`."""
        return self._find("genelab_commands", "command", name)

    def launcher(self, name: str) -> LauncherSpec:
        """Return the launcher called `name`."""
        return self._find("genelab_launchers", "launcher", name)

    def logger(self, name: str) -> LoggerSpec:
        """Return the logger called `name`, one that is a service."""
        return self._find("genelab_loggers", "logger", name)

    def engine(self, name: str) -> EngineSpec:
        """Return the engine called `name`."""
        return self._find("genelab_engines", "engine", name)

    def extensions_of(self, command: str) -> list[RunExtensionSpec]:
        """Return the run extensions of `command`, GeneLab's own first, without those that another one overrides."""
        lost = {name for spec in self.run_extensions.values() for name in self.overridden(spec)}
        chosen = [spec for name, spec in self.run_extensions.items() if command in spec.commands and name not in lost]
        return sorted(chosen, key=lambda spec: not self.owner(spec).own)

    def owner(self, record: Record) -> PluginStatus:
        """Return the plugin that `record` of this catalog came from."""
        return self._owners[id(record)]

    def overridden(self, record: Record) -> list[str]:
        """Return the qualified names of the records that lost their id to `record` on purpose."""
        hook = next(hook for hook, kind in RECORD_HOOKS.items() if isinstance(record, kind))
        return self._indices[hook].overridden.get(getattr(record, record.key), [])

    def load(self, record: Record, reference: str) -> Any:
        """Import what a record refers to.

        Raises:
            GenelabError: naming the plugin, when its module cannot be imported or lacks the name.
        """
        plugin = self.owner(record)
        try:
            return resolve(reference)
        except (ImportError, GenelabError) as error:
            fix = f"genelab plugins info {plugin.name}"
            if isinstance(error, ModuleNotFoundError) and error.name:
                fix = f"pip install the package that brings {error.name!r}; {fix}"
            what = f"plugin {plugin.name} cannot provide {getattr(record, record.key)}: {error}"
            raise GenelabError(what, where=reference, fix=fix) from error

    def trusts(self, package: str) -> bool:
        """Return whether a top-level package belongs to GeneLab or to a plugin that is loaded."""
        return package == "genelab" or any(plugin.loaded and plugin.package == package for plugin in self.plugins)

    def notify(self, event: RunEvent) -> None:
        """Tell every run observer; one that raises is reported once and disturbs neither the run nor the others."""
        self._observers.notify(event)

    def absentees(self) -> list[str]:
        """Return hints at what is not there and may have provided a name: failed or disabled plugins, missing rooms."""
        return absentees(self.plugins, rooms_left_out())

    def problems(self) -> list[PluginStatus]:
        """Return the plugins with something wrong (a disabled one is not)."""
        return [plugin for plugin in self.plugins if plugin.status not in ("ok", "disabled")]

    def warnings(self) -> list[str]:
        """Return one line for each plugin with something wrong; none in a child, whose parent has said it."""
        if self.selection.pinned is not None:
            return []
        return [
            f"warning: plugin {plugin.name}: {plugin.problem} (genelab plugins info {plugin.name})"
            for plugin in self.problems()
        ]

    def child_environment(self) -> dict[str, str]:
        """Return environment variables that give a child process this selection and make it refuse another set."""
        chosen = {ALLOW: ",".join(self.selection.allow or ()), DISABLE: ",".join(self.selection.disable)}
        chosen[EXTRA] = os.pathsep.join(self.selection.extra)
        chosen[STRICT] = "1" if self.selection.strict else ""
        return {**chosen, PINNED: ",".join(self.loaded_labels())}

    def loaded_labels(self) -> list[str]:
        """Return `name==version` of the loaded plugins, sorted."""
        return sorted(plugin.label for plugin in self.plugins if plugin.loaded)

    def check(self) -> None:
        """Enforce strict mode and the parent's set.

        Raises:
            GenelabError: for any problem in strict mode, or when the loaded set is not the parent's.
        """
        problems = self.problems()
        if self.selection.strict and problems:
            lines = "; ".join(f"{plugin.name}: {plugin.problem}" for plugin in problems)
            raise GenelabError(f"plugins with problems: {lines}", where=f"{STRICT}=1", fix="genelab plugins doctor")
        if self.selection.pinned is not None:
            ours, theirs = set(self.loaded_labels()), set(self.selection.pinned)
            if ours != theirs:
                raise GenelabError(
                    "this process loads other plugins than the one that started it: "
                    f"missing {sorted(theirs - ours) or 'none'}, additional {sorted(ours - theirs) or 'none'}",
                    where=PINNED,
                    fix="install the same distributions in both environments",
                )

    def check_named(self) -> None:
        """Check the plugins that the user named himself.

        Raises:
            UsageError: for one of `--plugin` (or `GENELAB_EXTRA_PLUGINS`) that cannot be loaded.
        """
        named = {candidate.module for candidate in extra_candidates(self.selection.extra)}
        for plugin in self.problems():
            if plugin.module in named and not plugin.loaded:
                raise UsageError(
                    f"--plugin {plugin.name}: {plugin.problem}",
                    where=EXTRA if plugin.location is None else plugin.location,
                    fix=plugin.fix or f"genelab --plugin {plugin.name} plugins info {plugin.name}",
                )

    def _find(self, hook: str, kind: str, name: str) -> Any:
        index, key = self._indices[hook], normalize(name)
        owned = index.qualified.get(key) if "::" in name else index.owners.get(key)
        if owned is not None:
            return owned.record
        if key in index.contested:
            claimants = [owned.qualified for owned in index.contested[key]]
            raise UsageError(f"{kind} {name!r} is claimed by several plugins", fix=f"write {' or '.join(claimants)}")
        known = list(index.listed)
        if kind == "command":
            known += [spec.name for spec in CORE_COMMANDS]
        elif kind == "logger":
            known += LOCAL_LOGGERS
        raise not_found(kind, name, known, self.absentees(), self.tasks.values())


_current: Catalog | None = None
_replaced = False


def discovered() -> Catalog:
    """Return the catalog of this process, discovered at the first call and again if the selection has changed.

    Tolerant even in strict mode: for help, completion and the commands that look for what is wrong.
    """
    global _current
    selection = Selection.from_environment()
    if _current is None or (not _replaced and _current.selection != selection):
        _current = Catalog([*installed_candidates(), *extra_candidates(selection.extra)], selection)
    return _current


def get_catalog() -> Catalog:
    """Return the catalog of this process.

    Raises:
        GenelabError: for any plugin's problem in strict mode, or when a child loads other plugins than its parent.
    """
    catalog = discovered()
    catalog.check()
    return catalog


@contextmanager
def use_catalog(catalog: Catalog) -> Generator[Catalog]:
    """Let `catalog` be the catalog of this process inside the block (tests)."""
    global _current, _replaced
    before = _current, _replaced
    _current, _replaced = catalog, True
    try:
        yield catalog
    finally:
        _current, _replaced = before
