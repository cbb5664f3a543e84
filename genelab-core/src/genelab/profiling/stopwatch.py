"""Times methods of living objects from outside, so that what is measured holds no timing code."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from types import TracebackType
from typing import Any

from genelab.profiling.watch import WrappedMethods


class Stopwatch:
    """Sums the time spent in methods while it is entered; on the way out the objects are as they were.

    Args:
        synchronize: Called before each reading of the clock; waits for the device.

    Attributes:
        seconds: Time by label.
    """

    def __init__(self, synchronize: Callable[[], None] = lambda: None) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._synchronize = synchronize
        self._methods = WrappedMethods()
        self._running = False

    def watch(self, label: str, target: Any, method: str) -> None:
        """Add the time of `target.method(…)` to `label`; time inside another watched method counts there only."""

        def timed(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if self._running:
                return original(*args, **kwargs)
            self._running = True
            began = self.now()
            try:
                return original(*args, **kwargs)
            finally:
                self.seconds[label] += self.now() - began
                self._running = False

        self._methods.wrap(target, method, timed)

    def now(self) -> float:
        """Return the time, s, when all work given to the device is done."""
        self._synchronize()
        return time.perf_counter()

    def __enter__(self) -> Stopwatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._methods.undo()
