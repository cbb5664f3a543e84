"""What became of a plugin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from genelab.api import PROJECT, Record, RunEvent
from genelab.plugins.candidates import Candidate

Status = Literal["ok", "disabled", "error", "incompatible", "conflict"]


@dataclass
class PluginStatus:
    """One plugin after discovery.

    Attributes:
        name: Entry-point name.
        status: `"conflict"` when it claims an id that another claims too; its other ids work.
        location: File of the plugin module.
        milliseconds: Time of import and hook calls.
        hooks: Hooks it implements.
        ids: Ids it contributes, of all kinds.
        problem: One line: what is wrong, for every status but `"ok"`.
        fix: What to do about it.
        traceback: Where its code failed.
        notes: What looks like a mistake but breaks nothing; shown by `plugins doctor`.
    """

    name: str
    distribution: str
    version: str | None
    module: str
    status: Status = "ok"
    location: str | None = None
    milliseconds: float = 0.0
    hooks: list[str] = field(default_factory=list[str])
    ids: list[str] = field(default_factory=list[str])
    problem: str | None = None
    fix: str | None = None
    traceback: str | None = None
    notes: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, candidate: Candidate) -> PluginStatus:
        return cls(candidate.name, candidate.distribution, candidate.version, candidate.module)

    def fail(self, status: Status, problem: str, fix: str | None = None, traceback: str | None = None) -> None:
        """Record that this plugin takes no part."""
        self.status, self.problem, self.fix, self.traceback = status, problem, fix, traceback
        self.hooks, self.ids = [], []

    @property
    def package(self) -> str:
        """Top-level package that the plugin's code lives in."""
        return self.module.partition(".")[0]

    @property
    def own(self) -> bool:
        """Whether it is GeneLab's: the core or one of its rooms."""
        return self.package == PROJECT

    @property
    def label(self) -> str:
        return f"{self.name}=={self.version}" if self.version else self.name

    @property
    def loaded(self) -> bool:
        return self.status in ("ok", "conflict")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Contribution:
    """What a loaded plugin brought: its records by hook, and its run observers as plain callables."""

    plugin: PluginStatus
    records: dict[str, list[Record]] = field(default_factory=dict[str, list[Record]])
    observers: list[Callable[[RunEvent], object]] = field(default_factory=list[Callable[[RunEvent], object]])
