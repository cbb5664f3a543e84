"""What `genelab plugins doctor` looks at: everything that discovery leaves until it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, Literal

from genelab.api import CommandSpec, Record, TaskSpec
from genelab.plugins.catalog import KINDS, Catalog
from genelab.plugins.discovery import record_id
from genelab.plugins.stages import training_stages
from genelab.plugins.status import PluginStatus
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.names import normalize


@dataclass(frozen=True)
class Finding:
    """Something wrong with a plugin (`"error"`), or that may be (`"note"`)."""

    plugin: str
    severity: Literal["error", "note"]
    problem: str
    fix: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_plugins(catalog: Catalog) -> list[Finding]:
    """Import what every record refers to and return all findings."""
    findings: list[Finding] = []
    for plugin in catalog.plugins:
        if plugin.problem:
            severity = "note" if plugin.status == "disabled" else "error"
            findings.append(Finding(plugin.name, severity, f"{plugin.status}: {plugin.problem}", plugin.fix))
        findings += [Finding(plugin.name, "note", note) for note in plugin.notes]
        if plugin.loaded:
            findings += _requirement_findings(plugin)
    for kind in KINDS:
        records: list[Record] = list(getattr(catalog, kind).values())
        for record in records:
            findings += _reference_findings(catalog, record)
            findings += _override_findings(catalog, record, records)
            findings += _stage_findings(catalog, record)
    return findings


def _reference_findings(catalog: Catalog, record: Record) -> Iterator[Finding]:
    name = catalog.owner(record).name
    references = [getattr(record, attribute) for attribute in record.references]
    if isinstance(record, TaskSpec):
        # An agent for a backend that is not installed is no fault: a laboratory installs only those it uses.
        present = {normalize(backend) for backend in catalog.backends}
        references += [reference for backend, reference in record.agents.items() if normalize(backend) in present]
    for reference in references:
        try:
            target = catalog.load(record, reference)
        except GenelabError as error:
            yield Finding(name, "error", error.what, error.fix)
            continue
        except Exception as error:
            yield Finding(name, "error", f"{reference} cannot be imported: {type(error).__name__}: {error}")
            continue
        if not callable(target):
            yield Finding(name, "error", f"{reference} is a {type(target).__name__}, which cannot be called")
        if isinstance(record, CommandSpec) and not hasattr(target, "make_context"):
            yield Finding(name, "error", f"{reference} is not a click command")


def _override_findings(catalog: Catalog, record: Record, same_kind: list[Record]) -> Iterator[Finding]:
    others = {normalize(record_id(item)) for item in same_kind if item is not record}
    for target in record.overrides:
        if normalize(target) not in others:
            problem = f"{record_id(record)} overrides {target!r}, which nobody else provides"
            yield Finding(catalog.owner(record).name, "note", problem)


def _stage_findings(catalog: Catalog, record: Record) -> Iterator[Finding]:
    if isinstance(record, TaskSpec) and record.warm_start is not None:
        owner = catalog.owner(record)
        try:
            training_stages(catalog, f"{owner.distribution}::{record.id}")
        except UsageError as error:
            yield Finding(owner.name, "error", error.what, error.fix)


def _requirement_findings(plugin: PluginStatus) -> Iterator[Finding]:
    """Compare the distribution's requirements (without extras) with what is installed."""
    if plugin.version is None:
        return
    from packaging.requirements import Requirement

    for line in requires(plugin.distribution) or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        fix = f"pip install '{requirement.name}{requirement.specifier}'"
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            yield Finding(plugin.name, "error", f"it requires {requirement.name}, which is not installed", fix)
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            problem = f"it requires {requirement.name}{requirement.specifier}, and {installed} is installed"
            yield Finding(plugin.name, "error", problem, fix)
