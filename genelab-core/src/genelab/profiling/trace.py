"""`--prof` of `train` and `play`: a part of the run, recorded with torch's profiler as traces and a table by region."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from genelab.profiling.recordings import FOLDER, RegionReport
from genelab.profiling.stopwatch import Stopwatch
from genelab.runs.extensions import Loop, RunExtension
from genelab.utils.errors import UsageError
from genelab.utils.files import atomic_path, write_json, write_text
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation, VecEnv
    from genelab.rl.policy import Policy

SWITCH = "GENELAB_PROFILE"
"""Environment variable that stands for `--prof`; `GENELAB_PROFILE_WAIT` and so on stand for its schedule."""

_PARTS = (
    ("reset", "", "_reset"),
    ("actions", "action_manager", "process"),
    ("physics", "scene", "step"),
    ("interval events", "event_manager", "interval"),
    ("observations", "observation_manager", "compute"),
)
_RL_PARTS = (
    ("terminations", "termination_manager", "compute"),
    ("rewards", "reward_manager", "compute"),
    ("metrics", "metric_manager", "compute"),
    ("commands", "command_manager", "compute"),
)


def _steps(default: int, least: int, text: str) -> Any:
    return field(default=default, metadata={"least": least, "help": f"{text}  [default: {default}]"})


@dataclass(frozen=True)
class Schedule:
    """Which steps are recorded: `wait` not, `warmup` with the profiler running, `active` recorded; `repeat` times.

    A step is a control step of `play`, and of `train` one iteration as it is reported: a rollout with its update, or
    for algorithms with a replay memory a stretch of steps.
    """

    wait: int = _steps(10, 0, "Steps before the profiler starts, and between traces.")
    warmup: int = _steps(5, 0, "Steps with the profiler running before those that are recorded.")
    active: int = _steps(10, 1, "Steps in one trace.")
    repeat: int = _steps(2, 1, "Traces.")

    @property
    def first_trace(self) -> int:
        """Steps until the first trace is complete."""
        return self.wait + self.warmup + self.active

    @classmethod
    def chosen(
        cls, prof: bool, given: Mapping[str, int], environment: Mapping[str, str] = os.environ
    ) -> Schedule | None:
        """Return the schedule that options and environment variables ask for; `None` for none.

        Args:
            prof: Whether `--prof` was given; `GENELAB_PROFILE=1` stands for it.
            given: The fields that options set; variables set the others, and defaults the rest.
            environment: The variables.

        Raises:
            UsageError: for a variable that is not a number of steps, or options of a schedule without `--prof`.
        """
        if given and not prof:
            raise UsageError(f"{', '.join(f'--prof-{name}' for name in given)} without --prof", fix="add --prof")
        if not prof and environment.get(SWITCH, "") in ("", "0"):
            return None
        numbers = {}
        for item in fields(cls):
            variable, least = f"{SWITCH}_{item.name.upper()}", item.metadata["least"]
            text = environment.get(variable, "")
            if text and (not text.isdigit() or int(text) < least):
                raise UsageError(f"{text!r} is no number of steps", where=variable, fix=f"give {least} or more")
            if text:
                numbers[item.name] = int(text)
        return cls(**{**numbers, **given})


class TraceExtension(RunExtension):
    """Adds `--prof`, `--prof-wait`, `--prof-warmup`, `--prof-active` and `--prof-repeat`, and records the loop."""

    _recorder: TraceRecorder | None = None

    def options(self) -> list[click.Option]:
        step = {"train": "one iteration as the log counts it: a rollout with its update", "play": "a control step"}
        text = "Record with torch's profiler: traces and a table by region, in torch_profile/. A step is "
        return [
            click.Option(["--prof"], is_flag=True, help=f"{text}{step[self.command]}."),
            *(
                click.Option(
                    [f"--prof-{item.name}"], type=click.IntRange(min=item.metadata["least"]), help=item.metadata["help"]
                )
                for item in fields(Schedule)
            ),
        ]

    def configure(self, values: Mapping[str, Any]) -> bool:
        numbers = {item.name: values[f"prof_{item.name}"] for item in fields(Schedule)}
        given = {name: value for name, value in numbers.items() if value is not None}
        self._schedule = Schedule.chosen(values["prof"], given)
        return self._schedule is not None

    @contextmanager
    def around(self, loop: Loop) -> Iterator[None]:
        assert self._schedule is not None
        if loop.command == "play" and loop.policy is None:
            loop.say(f"warning: {loop.task_id} plays itself, --prof is ignored")
            yield
            return
        with TraceRecorder(loop.folder / FOLDER, self._schedule, loop.env, loop.say) as self._recorder:
            if loop.policy is not None:
                loop.policy = _WatchedPolicy(loop.policy, self._recorder.regions)
            yield

    def watch(self, label: str, target: Any, method: str) -> None:
        if self._recorder is not None:
            self._recorder.regions.watch(label, target, method)

    def after_step(self, step: int, env_steps: int, scalars: Mapping[str, float]) -> None:
        if self._recorder is not None:
            self._recorder.step()


class _WatchedPolicy:
    """A policy whose calls are the region `policy`."""

    def __init__(self, policy: Policy, regions: Stopwatch) -> None:
        self.kind, self.recurrent = policy.kind, policy.recurrent
        self._policy, self._regions = policy, regions

    def __call__(self, observations: Observation) -> torch.Tensor:
        return self._regions.call("policy", self._policy, observations)

    def reset(self, done: torch.Tensor | None = None) -> None:
        self._policy.reset(done)


class TraceRecorder:
    """Records while it is entered; on the way out all objects are as they were and the table is written.

    Args:
        folder: Where `<time>_trace_<n>.json.gz`, `<time>_regions.txt` and `<time>_regions.json` go.
        steps: Which steps are recorded.
        env: Its steps, and their parts if it is one of ours, become regions.
        say: Told what was written, or that nothing was.

    Attributes:
        regions: Times all regions of recorded steps; further ones can be added.
    """

    def __init__(self, folder: Path, steps: Schedule, env: VecEnv, say: Callable[[str], None]) -> None:
        self.regions = Stopwatch(mark=torch.profiler.record_function)
        self.regions.running = False
        self._folder, self._steps, self._say = folder, steps, say
        self._stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        self._traces: list[Path] = []
        self._on_gpu = env.device.type == "cuda"
        self._device_ms: dict[str, float] = {}
        self._done = self._recorded = self._in_trace = 0
        self._seconds = 0.0
        self._began = time.perf_counter()
        kinds = torch.profiler.ProfilerActivity
        with _unasked_advice():
            self._profiler = torch.profiler.profile(
                activities=[kinds.CPU, kinds.CUDA] if self._on_gpu else [kinds.CPU],
                schedule=torch.profiler.schedule(**vars(steps)),
                on_trace_ready=self._save,
            )
        self._watch(env)

    def step(self) -> None:
        """Say that a step has ended."""
        if self.regions.running:
            self._seconds += time.perf_counter() - self._began
            self._recorded += 1
            self._in_trace += 1
        self._done += 1
        with _unasked_advice():
            self._profiler.step()
        self._begin_step()

    def _watch(self, env: VecEnv) -> None:
        from genelab.envs.manager_based_env import ManagerBasedEnv
        from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv

        self.regions.watch("env.step", env, "step")
        parts = _PARTS if isinstance(env, ManagerBasedEnv) else ()
        for label, owner, method in (*parts, *(_RL_PARTS if isinstance(env, ManagerBasedRlEnv) else ())):
            self.regions.watch(label, getattr(env, owner) if owner else env, method)

    def _begin_step(self) -> None:
        actions = torch.profiler.ProfilerAction
        self.regions.running = self._profiler.current_action in (actions.RECORD, actions.RECORD_AND_SAVE)
        self._began = time.perf_counter()

    def _save(self, profiler: torch.profiler.profile) -> None:
        path = self._folder / f"{self._stamp}_trace_{len(self._traces) + 1}.json.gz"
        with atomic_path(path) as temporary:
            profiler.export_chrome_trace(str(temporary))
        self._traces.append(path)
        self._in_trace = 0
        if self._on_gpu:
            for row in profiler.key_averages():
                self._device_ms[row.key] = self._device_ms.get(row.key, 0.0) + row.device_time_total / 1000.0

    def __enter__(self) -> TraceRecorder:
        with _unasked_advice():
            self._profiler.__enter__()
        self._begin_step()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.regions.__exit__(kind, error, traceback)
        if self.regions.running and not self._in_trace:
            self._profiler.on_trace_ready = None  # a step that has not ended tells nothing
        self._profiler.__exit__(kind, error, traceback)
        if self._recorded:
            self._report()
            return
        options = ", ".join(f"--prof-{name} {getattr(self._steps, name)}" for name in ("wait", "warmup", "active"))
        self._say(
            f"the torch profiler recorded nothing: {self._done} steps, and the first trace is complete after "
            f"{self._steps.first_trace} ({options})"
        )

    def _report(self) -> None:
        report = RegionReport.of(self.regions, self._recorded, self._seconds, self._device_ms)
        report.traces = [path.name for path in self._traces]
        write_text(self._folder / f"{self._stamp}_regions.txt", f"{report.table()}\n")
        write_json(self._folder / f"{self._stamp}_regions.json", report.to_json())
        self._say(report.table())
        missing = self._steps.active * self._steps.repeat - self._recorded
        short = f", {missing} fewer than asked for" if missing else ""
        self._say(f"{len(self._traces)} traces of {self._recorded} steps{short} in {self._folder}")
        self._say(f"to look at them: genelab prof open {self._folder}")


def _unasked_advice() -> warnings.catch_warnings[None]:
    """Hide that torch forgets the events of a finished cycle (each has its own trace), and that it is not warmed up."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)
