"""A catalog of chosen plugins only, for tests: what is installed on the machine plays no part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from genelab.api import RECORD_HOOKS, Record, RunEvent, hookimpl
from genelab.plugins.candidates import Candidate, extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection


def in_memory_plugin(
    name: str,
    records: Sequence[Record] = (),
    *,
    distribution: str | None = None,
    version: str | None = None,
    module: str | None = None,
    api: str | None = "1",
    on_event: Callable[[RunEvent], None] | None = None,
    **hooks: Callable[..., Any],
) -> Candidate:
    """Return a plugin that exists in no file.

    Args:
        name: Entry-point name.
        records: What it contributes, of any kinds.
        distribution: Its distribution; `name` when omitted.
        version: Version of the distribution, `None` for one that is not installed.
        module: Module whose top-level package counts as the plugin's own (`Catalog.trusts`).
        api: Its `GENELAB_API`; `None` for a plugin that states none.
        on_event: Run observer.
        hooks: Hook implementations by name, which take the place of those made from `records`.
    """
    made: dict[str, Callable[..., Any]] = {}
    for hook, kind in RECORD_HOOKS.items():
        own = [record for record in records if type(record) is kind]
        if own:
            made[hook] = lambda own=own: own
    if on_event is not None:
        made["genelab_run_event"] = lambda event: on_event(event)
    namespace = SimpleNamespace(__name__=name)
    for hook, function in {**made, **hooks}.items():
        setattr(namespace, hook, hookimpl(function))
    if api is not None:
        namespace.GENELAB_API = api
    return Candidate(name, distribution or name, version, module or name, instance=namespace)


@contextmanager
def plugin_sandbox(
    *plugins: Candidate | str | Path, core: bool = True, selection: Selection | None = None
) -> Iterator[Catalog]:
    """Make a catalog of these plugins, and of the core's own unless `core` is off, the one of this process.

    Args:
        plugins: Candidates (`in_memory_plugin`), names of modules, or files.

    Yields:
        The catalog.
    """
    chosen = [candidate for candidate in installed_candidates() if candidate.always_allowed] if core else []
    for plugin in plugins:
        if isinstance(plugin, Candidate):
            chosen.append(plugin)
        else:
            item = str(plugin.resolve()) if isinstance(plugin, Path) else plugin
            chosen += extra_candidates([item])
    with use_catalog(Catalog(chosen, selection or Selection())) as catalog:
        yield catalog
