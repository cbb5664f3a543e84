"""Times methods of living objects from outside: what is measured holds no code for it and pays nothing otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import Any

MOST_SPANS = 3000


@dataclass
class Region:
    """The calls of one watched method from within the same other ones.

    Attributes:
        path: Labels of the calls around it and its own.
        seconds: Time of all its calls, that of regions in it included.
    """

    path: tuple[str, ...]
    calls: int = 0
    seconds: float = 0.0


class Stopwatch:
    """Sums the time spent in methods; when it is left, all objects are as they were.

        with Stopwatch() as watch:
            watch.watch("physics", env.scene, "step")
            env.step(actions)
        watch.regions["physics",].seconds

    Args:
        synchronize: Called before each reading of the clock; waits for the device.
        mark: Entered around each call with its label.

    Attributes:
        running: Whether calls are timed now.
        regions: Regions by path, in the order in which they were first left.
        spans: Path, begin and end, s, of the first `MOST_SPANS` calls: for a picture of a step.
    """

    def __init__(
        self,
        synchronize: Callable[[], None] = lambda: None,
        mark: Callable[[str], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.running = True
        self.regions: dict[tuple[str, ...], Region] = {}
        self.spans: list[tuple[tuple[str, ...], float, float]] = []
        self._synchronize, self._mark = synchronize, mark
        self._path: tuple[str, ...] = ()
        self._watched: list[tuple[Any, str, Any]] = []

    def watch(self, label: str, target: Any, method: str) -> None:
        """Make the calls of `target.method`, of this object only, the region `label`."""
        original = getattr(target, method)

        @wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            return self.call(label, original, *args, **kwargs)

        self._watched.append((target, method, vars(target).get(method)))
        setattr(target, method, watched)

    def call(self, label: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `function(…)`, timed as the region `label`."""
        outside, self._path = self._path, (*self._path, label)
        began = self.now()
        try:
            with self._mark(label):
                return function(*args, **kwargs)
        finally:
            if self.running:
                self._add(began, self.now())
            self._path = outside

    def now(self) -> float:
        """Return the time, s, when all work given to the device is done."""
        self._synchronize()
        return time.perf_counter()

    def _add(self, began: float, ended: float) -> None:
        region = self.regions.setdefault(self._path, Region(self._path))
        region.calls += 1
        region.seconds += ended - began
        if len(self.spans) < MOST_SPANS:
            self.spans.append((self._path, began, ended))

    def __enter__(self) -> Stopwatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for target, method, before in reversed(self._watched):
            if before is None:
                delattr(target, method)
            else:
                setattr(target, method, before)
        self._watched.clear()
