"""Regions of a step (physics, rewards, policy, update, …): named in torch's traces, and timed on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.profiler import record_function

from genelab.envs.manager_based_env import ManagerBasedEnv
from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.profiling.watch import WrappedMethods

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv

MOST_SPANS = 3000

_BASE_PARTS = (
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


@dataclass
class Region:
    """One row of the table.

    Attributes:
        path: Names of the regions around it and its own.
        seconds: Time of all its calls, that of regions in it included.
    """

    path: tuple[str, ...]
    calls: int = 0
    seconds: float = 0.0


class Regions:
    """Wraps methods in `record_function` and sums their times while `recording`.

    Attributes:
        recording: Whether calls are timed now; traces have the regions whenever torch records.
        regions: Rows by path, in the order in which they were first left.
        spans: Path, begin and end, s, of the single calls, the first `MOST_SPANS`: for a picture of a step.
    """

    def __init__(self) -> None:
        self.recording = False
        self.regions: dict[tuple[str, ...], Region] = {}
        self.spans: list[tuple[tuple[str, ...], float, float]] = []
        self._methods = WrappedMethods()
        self._path: tuple[str, ...] = ()

    def watch(self, label: str, target: Any, method: str) -> None:
        """Make `target.method(…)` the region `label` until `close`."""

        def recorded(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            return self.call(label, original, *args, **kwargs)

        self._methods.wrap(target, method, recorded)

    def watch_env(self, env: VecEnv) -> None:
        """Make regions of `env.step` and, for an environment of ours, of its parts."""
        self.watch("env.step", env, "step")
        if isinstance(env, ManagerBasedEnv):
            self.watch("reset", env, "_reset")
            for label, owner, method in _BASE_PARTS:
                self.watch(label, getattr(env, owner), method)
        if isinstance(env, ManagerBasedRlEnv):
            for label, owner, method in _RL_PARTS:
                self.watch(label, getattr(env, owner), method)

    def call(self, label: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `function(…)`, as the region `label`."""
        outside, self._path = self._path, (*self._path, label)
        began = time.perf_counter()
        try:
            with record_function(label):
                return function(*args, **kwargs)
        finally:
            if self.recording:
                self._add(began, time.perf_counter())
            self._path = outside

    def close(self) -> None:
        """Leave the methods as they were."""
        self._methods.undo()

    def _add(self, began: float, ended: float) -> None:
        region = self.regions.setdefault(self._path, Region(self._path))
        region.calls += 1
        region.seconds += ended - began
        if len(self.spans) < MOST_SPANS:
            self.spans.append((self._path, began, ended))
