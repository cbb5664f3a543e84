"""A progress bar over episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def episode_progress() -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how many episodes are done, if it is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("episodes", total=None)
        yield lambda counted, episodes: progress.update(bar, completed=counted, total=episodes)
