"""Ctrl-C and SIGTERM: a training saves a checkpoint before it goes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupted(KeyboardInterrupt):
    """A signal ended the run at once. Derives from `KeyboardInterrupt` so that no `except Exception` holds it up.

    Attributes:
        signum: The signal's number; the exit status is 128 more.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class StopSignals:
    """Turns SIGINT and SIGTERM into a request to stop, while it is entered.

    Outside `graceful` mode (while the scene is built there is nothing to save) a signal raises `Interrupted` at once.
    In it the first signal sets `signum`, which the backend polls through `requested`, and the second one raises.

    Args:
        announce: Called with the signal's number when the first one arrives in graceful mode.
    """

    def __init__(self, announce: Callable[[int], None] = lambda signum: None) -> None:
        self.graceful = False
        self.signum: int | None = None
        self._announce = announce
        self._previous: dict[int, Any] = {}

    def requested(self) -> bool:
        """Return whether a signal asked to stop."""
        return self.signum is not None

    def __enter__(self) -> StopSignals:
        for signum in (signal.SIGINT, signal.SIGTERM):
            self._previous[signum] = signal.signal(signum, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if not self.graceful or self.signum is not None:
            raise Interrupted(signum)
        self.signum = signum
        self._announce(signum)
