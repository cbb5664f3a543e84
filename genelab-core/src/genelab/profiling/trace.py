"""Records a part of a run with torch's profiler: chrome traces, and a table by region."""

from __future__ import annotations

import time
import warnings
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING

from torch.profiler import ProfilerAction, ProfilerActivity, profile, schedule

from genelab.profiling.region_table import RegionReport
from genelab.profiling.regions import Regions
from genelab.profiling.schedule import ProfileSchedule
from genelab.utils.files import atomic_path, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch

    from genelab.envs.vec_env import Observation, VecEnv
    from genelab.rl.backends.base import TrainContext
    from genelab.rl.policy import Policy

_RECORDED = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def _unasked_advice() -> warnings.catch_warnings[None]:
    """Hide that torch forgets the events of a finished cycle (each has its own trace), and that it is not warmed up."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)


class WatchedPolicy:
    """A policy whose calls are the region `policy`."""

    def __init__(self, policy: Policy, regions: Regions) -> None:
        self.kind, self.recurrent = policy.kind, policy.recurrent
        self._policy, self._regions = policy, regions

    def __call__(self, observations: Observation) -> torch.Tensor:
        return self._regions.call("policy", self._policy, observations)

    def reset(self, done: torch.Tensor | None = None) -> None:
        self._policy.reset(done)


class TorchProfile:
    """Profiles while it is entered; on the way out all objects are as they were and the table is written.

    Args:
        folder: Where `<time>_trace_<n>.json.gz`, `<time>_regions.txt` and `<time>_regions.json` go.
        steps: Which steps are recorded.
        env: Its steps and their parts become regions.
        say: Told what was written, or that nothing was.
    """

    def __init__(self, folder: Path, steps: ProfileSchedule, env: VecEnv, say: Callable[[str], None]) -> None:
        self.folder, self.steps, self._say = folder, steps, say
        self.regions = Regions()
        self.traces: list[Path] = []
        self._stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        self._on_gpu = env.device.type == "cuda"
        self._device_ms: dict[str, float] = {}
        self._done = self._recorded = self._in_trace = 0
        self._seconds = 0.0
        self._began = time.perf_counter()
        activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if self._on_gpu else [])]
        phases = {"wait": steps.wait, "warmup": steps.warmup, "active": steps.active, "repeat": steps.repeat}
        with _unasked_advice():
            self._profiler = profile(activities=activities, schedule=schedule(**phases), on_trace_ready=self._save)
        self.regions.watch_env(env)

    def follow(self, context: TrainContext) -> None:
        """Let a training name its regions, and count its iterations as steps."""
        context.watch = self.regions.watch
        report = context.on_iteration

        def on_iteration(iteration: int, env_steps: int, scalars: dict[str, float]) -> None:
            report(iteration, env_steps, scalars)
            self.step()

        context.on_iteration = on_iteration

    def step(self) -> None:
        """Say that a step has ended."""
        if self.regions.recording:
            self._seconds += time.perf_counter() - self._began
            self._recorded += 1
            self._in_trace += 1
        self._done += 1
        with _unasked_advice():
            self._profiler.step()
        self._begin_step()

    def _begin_step(self) -> None:
        self.regions.recording = self._profiler.current_action in _RECORDED
        self._began = time.perf_counter()

    def _save(self, profiler: profile) -> None:
        path = self.folder / f"{self._stamp}_trace_{len(self.traces) + 1}.json.gz"
        with atomic_path(path) as temporary:
            profiler.export_chrome_trace(str(temporary))
        self.traces.append(path)
        self._in_trace = 0
        if self._on_gpu:
            for row in profiler.key_averages():
                self._device_ms[row.key] = self._device_ms.get(row.key, 0.0) + row.device_time_total / 1000.0

    def __enter__(self) -> TorchProfile:
        with _unasked_advice():
            self._profiler.__enter__()
        self._begin_step()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.regions.close()
        if self.regions.recording and not self._in_trace:
            self._profiler.on_trace_ready = None  # a step that has not ended tells nothing
        self._profiler.__exit__(kind, error, traceback)
        if not self._recorded:
            self._say(
                f"the torch profiler recorded nothing: {self._done} steps, and the first trace is complete after "
                f"{self.steps.first_trace} (--prof-wait {self.steps.wait}, --prof-warmup {self.steps.warmup}, "
                f"--prof-active {self.steps.active})"
            )
            return
        self._report()

    def _report(self) -> None:
        report = RegionReport.of(self.regions, self._recorded, self._seconds, self._device_ms)
        report.traces = [path.name for path in self.traces]
        table = report.table()
        write_text(self.folder / f"{self._stamp}_regions.txt", f"{table}\n")
        write_json(self.folder / f"{self._stamp}_regions.json", report.to_json())
        self._say(table)
        missing = self.steps.active * self.steps.repeat - self._recorded
        short = f", {missing} fewer than asked for" if missing else ""
        self._say(f"{len(self.traces)} traces of {self._recorded} steps{short} in {self.folder}")
        self._say(f"to look at them: genelab prof open {self.folder}")
