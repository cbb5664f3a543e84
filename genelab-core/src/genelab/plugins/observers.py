"""Run observers, kept from disturbing the run and one another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from genelab.api import RunEvent


class Observers:
    """Plain callables, each with the name of its plugin."""

    def __init__(self, observers: Iterable[tuple[str, Callable[[RunEvent], object]]]) -> None:
        self._observers = list(observers)
        self._reported: set[str] = set()

    def notify(self, event: RunEvent) -> None:
        """Call all of them; only the first failure of each plugin is reported, on stderr."""
        for plugin, call in self._observers:
            try:
                call(event)
            except Exception as error:
                if plugin not in self._reported:
                    self._reported.add(plugin)
                    reason = f"{type(error).__name__}: {error}"
                    print(f"warning: plugin {plugin}: run observer failed at {event.kind}: {reason}", file=sys.stderr)
