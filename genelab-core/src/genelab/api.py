"""The plugin contract: everything a plugin module may import from GeneLab.

A plugin is one light module named by an entry point of the group `genelab`. It states which major version of this
contract it was written for and implements any of the hooks below; each hook returns a list of frozen records whose
references (`"package.module:name"`) are imported only when a command needs them.

    GENELAB_API = "1"

    from genelab.api import TaskSpec, hookimpl

    @hookimpl
    def genelab_tasks():
        return [TaskSpec(id="My-Task-v0", config="my_pack.task:make_task", summary="What it does.")]

This module needs only the standard library, pluggy and a light part of `genelab.utils`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import pluggy

from genelab.utils.references import is_reference

API_VERSION = "1.0"
PROJECT = "genelab"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

_NAME = re.compile(r"^[A-Za-z0-9][\w.\-]*$")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Common part of all records: validated when made, so a bad plugin fails at discovery and not in a run.

    Attributes:
        overrides: Ids of other plugins' records that this one replaces on purpose.
    """

    references: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[tuple[str, ...]] = ()
    key: ClassVar[str] = "name"

    overrides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        name = getattr(self, self.key)
        if not isinstance(name, str) or not _NAME.match(name):
            raise ValueError(f"{type(self).__name__}.{self.key} must be a plain name, got {name!r}")
        for attribute in self.references:
            value = getattr(self, attribute)
            if not is_reference(value):
                raise ValueError(f"{type(self).__name__}.{attribute} must be 'package.module:name', got {value!r}")
        for attribute in ("overrides", *self.words):
            value = getattr(self, attribute)
            if isinstance(value, str) or not all(isinstance(item, str) for item in value):
                raise ValueError(f"{type(self).__name__}.{attribute} must be a tuple of strings, got {value!r}")
            object.__setattr__(self, attribute, tuple(value))


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Record):
    """A task: an environment and, when it can be trained, agents for one or more backends.

    Attributes:
        id: Name users type; compared without regard to case, `-` and `_`.
        config: Function without arguments that returns a `genelab.config.TaskCfg`.
        summary: One line for `genelab list`.
        tags: Words for filtering (`("locomotion", "cartpole")`).
        agents: Backend name to a function without arguments that returns that backend's config.
        default_backend: Backend used when none is named; the only entry of `agents` if there is one.
        kind: `"rl"`, or `"playback"` for scenes without rewards.
        expert: Subclass of `genelab.rl.expert.Expert`, a scripted policy that solves the task; `None` for none.
        warm_start: Id of the task whose trained policy this one begins with, which may itself begin with another's;
            `genelab train TASK --stages` trains them one after the other. `None` for a task that begins with nothing.
    """

    references: ClassVar[tuple[str, ...]] = ("config",)
    words: ClassVar[tuple[str, ...]] = ("tags",)
    key: ClassVar[str] = "id"

    id: str
    config: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    agents: Mapping[str, str] = field(default_factory=dict[str, str])
    default_backend: str | None = None
    kind: str = "rl"
    expert: str | None = None
    warm_start: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for backend, reference in self.agents.items():
            if not is_reference(reference):
                raise ValueError(f"TaskSpec.agents[{backend!r}] must be 'package.module:name', got {reference!r}")
        if self.expert is not None and not is_reference(self.expert):
            raise ValueError(f"TaskSpec.expert must be 'package.module:name', got {self.expert!r}")
        if self.warm_start is not None and not _NAME.match(self.warm_start):
            raise ValueError(f"TaskSpec.warm_start must be a task's id, got {self.warm_start!r}")
        if self.kind not in ("rl", "playback"):
            raise ValueError(f"TaskSpec.kind must be 'rl' or 'playback', got {self.kind!r}")
        if self.default_backend is None and len(self.agents) == 1:
            object.__setattr__(self, "default_backend", next(iter(self.agents)))
        if self.agents and self.default_backend not in self.agents:
            raise ValueError(f"TaskSpec.default_backend {self.default_backend!r} is not one of {sorted(self.agents)}")
        object.__setattr__(self, "agents", MappingProxyType(dict(self.agents)))


@dataclass(frozen=True, kw_only=True)
class BackendSpec(Record):
    """An RL library.

    Attributes:
        name: Name users give to `--backend`.
        backend: Class that implements `genelab.rl.backends.base.Backend`.
        config_type: Subclass of `genelab.rl.config.BackendConfig`.
        checkpoint_suffix: Suffix of its checkpoint files, with the dot.
        capabilities: Any of `"distributed"`, `"recurrent"`, `"symmetry"`, `"dict_observations"`, `"off_policy"`.
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("backend", "config_type")
    words: ClassVar[tuple[str, ...]] = ("capabilities",)

    name: str
    backend: str
    config_type: str
    checkpoint_suffix: str
    capabilities: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class ExporterSpec(Record):
    """A file format for policies.

    Attributes:
        format: Name users give to `--format`.
        exporter: Class that implements `genelab.export.exporter.Exporter`.
        suffix: Suffix of the written file, with the dot; `eval` recognises exported policies by it.
        supports: Any of `"recurrent"`, `"dynamic_batch"`.
    """

    references: ClassVar[tuple[str, ...]] = ("exporter",)
    words: ClassVar[tuple[str, ...]] = ("supports",)
    key: ClassVar[str] = "format"

    format: str
    exporter: str
    suffix: str
    supports: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Record):
    """A number measured for every evaluation episode.

    Attributes:
        metric: Class that implements `genelab.eval.metrics.EvalMetric`.
        unit: Unit of the number (`"m/s"`); empty for none.
        higher_is_better: Direction; `None` when neither is better.
        outcome: Every value is 0 or 1, so that the mean is a rate and its interval Wilson's.
    """

    references: ClassVar[tuple[str, ...]] = ("metric",)

    name: str
    metric: str
    unit: str = ""
    higher_is_better: bool | None = None
    outcome: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class CommandSpec(Record):
    """A sub-command of `genelab`.

    Attributes:
        name: Name users type.
        command: A `click.Command`, imported when it is called.
        summary: One line for `genelab --help`.
        diagnostic: It needs no plugin, or reports on plugins itself: no warning is printed before it runs.
    """

    references: ClassVar[tuple[str, ...]] = ("command",)

    name: str
    command: str
    summary: str = ""
    diagnostic: bool = False


@dataclass(frozen=True, kw_only=True)
class LauncherSpec(Record):
    """A way to start other `genelab` commands, here or on other machines.

    Attributes:
        name: Name users give to `--launcher`.
        launcher: Class that implements `genelab.jobs.launcher.WatchedLauncher` or `SubmittingLauncher`.
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("launcher",)

    name: str
    launcher: str
    summary: str = ""


LOCAL_LOGGERS = ("tensorboard", "none")
"""Values of `agent.logger` that name no service: event files in the run's folder alone, or nothing."""


@dataclass(frozen=True, kw_only=True)
class LoggerSpec(Record):
    """A service that gets a copy of a training's scalars.

    Attributes:
        name: Value of `agent.logger` that chooses it.
        logger: Subclass of `genelab.rl.remote_logs.RemoteLog`, in a module that imports without the service's library.
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("logger",)

    name: str
    logger: str
    summary: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name.lower() in LOCAL_LOGGERS:
            raise ValueError(f"LoggerSpec.name {self.name!r} is a logger of GeneLab itself")


@dataclass(frozen=True, kw_only=True)
class EngineSpec(Record):
    """Another simulator in which an exported policy can be run.

    Attributes:
        name: Name users give to `sim2sim --engine`.
        engine: Class that implements `genelab.sim2sim.engine.Engine`.
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("engine",)

    name: str
    engine: str
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class ObservationKindSpec(Record):
    """How a kind of observation is computed outside the environment it was trained in.

    Attributes:
        kind: Reference of the observation term's function, as it stands in the metadata of exported policies.
        compute: Function `compute(robot, **params)` of a `genelab.sim2sim.robot_state.RobotState` that returns a numpy
            array `(num_robots, dim)`; see `genelab.sim2sim.observations`.
        summary: One line: what it is, in which frame and unit.
    """

    references: ClassVar[tuple[str, ...]] = ("kind", "compute")

    name: str
    kind: str
    compute: str
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class RunExtensionSpec(Record):
    """Something that takes part in the loops of `train` and `play`, with options of its own: a profiler, a viewer.

    Attributes:
        name: Name in `genelab list`.
        extension: Subclass of `genelab.runs.extensions.RunExtension`.
        commands: `"train"`, `"play"` or both.
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("extension",)
    words: ClassVar[tuple[str, ...]] = ("commands",)

    name: str
    extension: str
    commands: tuple[str, ...] = ("train", "play")
    summary: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.commands or not set(self.commands) <= {"train", "play"}:
            raise ValueError(f"RunExtensionSpec.commands must be of 'train' and 'play', got {self.commands!r}")


@dataclass(frozen=True, kw_only=True)
class ReportSectionSpec(Record):
    """A section of the page that `genelab report` writes.

    Attributes:
        name: Names the section where it cannot be made.
        section: Function of a `genelab.reports.content.ReportSubject` that returns a `genelab.reports.content.Section`,
            or `None` where it has nothing to say.
        order: Sections with lower numbers come first; those of GeneLab have 10 (curves) to 90 (provenance).
        summary: One line for `genelab list`.
    """

    references: ClassVar[tuple[str, ...]] = ("section",)

    name: str
    section: str
    order: int = 50
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class RunEvent:
    """Something that happened in a run, told to observers.

    Attributes:
        kind: `"run_started"`, `"checkpoint_saved"`, `"eval_done"` or `"run_finished"`.
        run_dir: The run's folder.
        data: Plain values: `iteration`, `env_steps`, `path`, `metrics`, `status`.
    """

    kind: str
    run_dir: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


class HookSpecs(Protocol):
    """The hooks. Each returns a list (or tuple) of records; none may import anything heavy."""

    @hookspec
    def genelab_tasks(self) -> list[TaskSpec]:
        """Tasks of this plugin. Called once, at discovery; `config` is resolved when a command names the task."""
        ...

    @hookspec
    def genelab_backends(self) -> list[BackendSpec]:
        """RL libraries. Resolved when the task's agent, or `--backend`, selects one."""
        ...

    @hookspec
    def genelab_exporters(self) -> list[ExporterSpec]:
        """File formats for policies. Resolved by `export --format` and when such a file is evaluated."""
        ...

    @hookspec
    def genelab_eval_metrics(self) -> list[MetricSpec]:
        """Per-episode measurements. Resolved by `eval`."""
        ...

    @hookspec
    def genelab_commands(self) -> list[CommandSpec]:
        """Sub-commands of `genelab`. Resolved when called."""
        ...

    @hookspec
    def genelab_launchers(self) -> list[LauncherSpec]:
        """Ways to start other `genelab` commands. Resolved by `--launcher`."""
        ...

    @hookspec
    def genelab_loggers(self) -> list[LoggerSpec]:
        """Services that get a copy of a training's scalars. Resolved when a training's `agent.logger` names one."""
        ...

    @hookspec
    def genelab_engines(self) -> list[EngineSpec]:
        """Other simulators. Resolved by `sim2sim --engine`."""
        ...

    @hookspec
    def genelab_observation_kinds(self) -> list[ObservationKindSpec]:
        """Observation terms that can be computed from a robot's state alone. Resolved by `sim2sim`."""
        ...

    @hookspec
    def genelab_run_extensions(self) -> list[RunExtensionSpec]:
        """Parts of the loops of `train` and `play`. Resolved when one of these commands is called, for its options."""
        ...

    @hookspec
    def genelab_report_sections(self) -> list[ReportSectionSpec]:
        """Sections of the page about a run, seeds or a benchmark. Resolved by `report`."""
        ...

    @hookspec
    def genelab_run_event(self, event: RunEvent) -> None:
        """Observe a run. Called as it happens; an exception here is logged once and never ends the run."""


RECORD_HOOKS: Mapping[str, type[Record]] = MappingProxyType(
    {
        "genelab_tasks": TaskSpec,
        "genelab_backends": BackendSpec,
        "genelab_exporters": ExporterSpec,
        "genelab_eval_metrics": MetricSpec,
        "genelab_commands": CommandSpec,
        "genelab_launchers": LauncherSpec,
        "genelab_loggers": LoggerSpec,
        "genelab_engines": EngineSpec,
        "genelab_observation_kinds": ObservationKindSpec,
        "genelab_run_extensions": RunExtensionSpec,
        "genelab_report_sections": ReportSectionSpec,
    }
)
