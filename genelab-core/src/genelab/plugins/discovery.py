"""Load plugins one by one, so that a broken one costs only itself.

disable list → API version → import → register → collect records → validate; conflicts are decided afterwards, over all
plugins together (`genelab.plugins.conflicts`), so that the order of loading decides nothing.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from typing import Any, cast

import pluggy

from genelab.api import API_VERSION, PROJECT, RECORD_HOOKS, CommandSpec, HookSpecs, Record, RunEvent
from genelab.plugins.builtin import CORE_COMMANDS
from genelab.plugins.candidates import Candidate
from genelab.plugins.selection import Selection
from genelab.plugins.status import Contribution, PluginStatus
from genelab.utils.names import nearest, normalize

_MAJOR = API_VERSION.partition(".")[0]


class PluginProblem(Exception):
    """A plugin broke the contract: what is wrong and how its author mends it."""

    def __init__(self, problem: str, fix: str, *, incompatible: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.fix, self.incompatible = problem, fix, incompatible


def load_plugins(candidates: Iterable[Candidate], selection: Selection) -> list[Contribution]:
    """Load what the selection admits and return a contribution for every candidate, empty where it failed."""
    candidates = list(candidates)
    reserved = {normalize(spec.name) for spec in CORE_COMMANDS}
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    found: list[Contribution] = []
    for candidate in candidates:
        contribution = Contribution(PluginStatus.of(candidate))
        found.append(contribution)
        reason = selection.refusal(candidate)
        if reason is not None:
            contribution.plugin.fail("disabled", reason)
        else:
            _load(candidate, contribution, manager, reserved)
            if candidate.own:  # the names of GeneLab's commands are not to be had, nor those of its rooms
                commands = contribution.records.get("genelab_commands", [])
                reserved |= {normalize(record_id(record)) for record in commands}
    for variable, name in selection.unknown(candidates):
        missing = PluginStatus(name, name, None, name)
        close = nearest(name, [candidate.name for candidate in candidates])
        missing.fail("error", f"{variable} names it, but no such plugin is installed", f"nearest: {', '.join(close)}")
        found.append(Contribution(missing))
    return found


def _load(candidate: Candidate, contribution: Contribution, manager: pluggy.PluginManager, reserved: set[str]) -> None:
    status = contribution.plugin
    start = time.perf_counter()
    module: Any = None
    try:
        _check_api(candidate.declared_api(), declared=False)
        with redirect_stdout(sys.stderr):  # our own output may be JSON that a program reads
            module = candidate.load()
        status.location = getattr(module, "__file__", None)
        _check_api(getattr(module, "GENELAB_API", None), declared=True)
        manager.register(module, name=f"{candidate.distribution}::{candidate.name}")
        _collect(module, contribution, manager, reserved)
    except (Exception, SystemExit) as error:
        if module is not None and manager.is_registered(module):
            manager.unregister(module)
        contribution.records, contribution.observers = {}, []
        _explain(error, candidate, status)
    status.milliseconds = round((time.perf_counter() - start) * 1000, 3)


def _check_api(stated: object, *, declared: bool) -> None:
    """Compare the stated API version with ours; `declared` says that the plugin had its chance to state one."""
    if stated is None and declared:
        raise PluginProblem(
            "it does not state GENELAB_API", f'add the line GENELAB_API = "{_MAJOR}" to the plugin module'
        )
    if stated is not None and str(stated).partition(".")[0] != _MAJOR:
        raise PluginProblem(
            f"it was written for plugin API {stated}, this is {API_VERSION}",
            "install a version of it, or of genelab-core, that fits",
            incompatible=True,
        )


def _collect(module: Any, contribution: Contribution, manager: pluggy.PluginManager, reserved: set[str]) -> None:
    """Call the plugin's own hook implementations, one by one, and validate what they return."""
    status = contribution.plugin
    for caller in manager.get_hookcallers(module) or []:
        for implementation in caller.get_hookimpls():
            if implementation.plugin is not module:
                continue
            if implementation.wrapper or implementation.hookwrapper:
                raise PluginProblem(f"{caller.name} is a hook wrapper", "write a plain hook that returns records")
            if not caller.has_spec():
                close = nearest(caller.name, [*RECORD_HOOKS, "genelab_run_event"])
                status.notes.append(f"unknown hook {caller.name}" + (f"; meant {close[0]}?" if close else ""))
                continue
            status.hooks.append(caller.name)
            if caller.name in RECORD_HOOKS:
                records = _validated(caller.name, implementation.function(), reserved)
                contribution.records[caller.name] = records
                status.ids += [record_id(record) for record in records]
            else:
                contribution.observers.append(_observer(implementation))
    for name in (*RECORD_HOOKS, "genelab_run_event"):
        if callable(getattr(module, name, None)) and name not in status.hooks:
            status.notes.append(f"{name} has no @hookimpl, so it is never called")


def _observer(implementation: pluggy.HookImpl) -> Callable[[RunEvent], object]:
    """Return the implementation as a function of the event; pluggy lets it leave out the argument."""
    if implementation.argnames:
        return implementation.function
    return lambda event: implementation.function()


def record_id(record: Record) -> str:
    """Return the id that users type for `record`."""
    return getattr(record, record.key)


def _validated(hook: str, returned: object, reserved: set[str]) -> list[Record]:
    wanted = RECORD_HOOKS[hook]
    fix = f"return a list of genelab.api.{wanted.__name__}"
    if not isinstance(returned, list | tuple):
        raise PluginProblem(f"{hook} returned {type(returned).__name__}, not a list", fix)
    seen: set[str] = set()
    records: list[Record] = []
    for record in cast("Sequence[object]", returned):
        if not isinstance(record, wanted):
            raise PluginProblem(f"{hook} returned a {type(record).__name__} among its records", fix)
        key = normalize(record_id(record))
        if key in seen:
            raise PluginProblem(f"{hook} returned {record_id(record)!r} twice", "give each record its own id")
        if wanted is CommandSpec and key in reserved:
            raise PluginProblem(f"{hook}: {record_id(record)!r} is a command of GeneLab itself", "choose another name")
        seen.add(key)
        records.append(record)
    return records


def _explain(error: BaseException, candidate: Candidate, status: PluginStatus) -> None:
    """Turn what the plugin raised into a status."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, PluginProblem):
        status.fail("incompatible" if error.incompatible else "error", error.problem, error.fix)
    elif isinstance(error, ModuleNotFoundError) and error.name and error.name.partition(".")[0] != candidate.package:
        fix = f"pip install --upgrade {candidate.distribution}, or the package that brings {error.name}"
        status.fail("error", f"it needs the module {error.name!r}, which is not installed", fix, trace)
    elif isinstance(error, SystemExit):
        status.fail("error", f"it called sys.exit({error.code!r})", "a plugin module must only define hooks", trace)
    elif isinstance(error, pluggy.PluginValidationError):
        message = " ".join(str(error).split())
        status.fail("error", message, "compare its hooks with genelab.api.HookSpecs", trace)
    else:
        status.fail("error", f"{type(error).__name__}: {error}".splitlines()[0], None, trace)
