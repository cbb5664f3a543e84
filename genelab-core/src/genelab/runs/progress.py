"""How a training shows how far it is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_INTERVAL_S = 10.0


class TrainingProgress:
    """Iterations done, environment steps per second and the latest mean return.

    Args:
        console: Where to show it; standard error keeps standard output for results.
        plain_interval_s: Least time between lines where `console` is no terminal.
    """

    def __init__(self, console: Console, plain_interval_s: float = PLAIN_INTERVAL_S) -> None:
        self.console = console
        self._plain_interval = plain_interval_s
        self._bar: Progress | None = None
        self._total = 0
        self._unit = "iterations"
        self._first: tuple[float, int, int] | None = None
        self._shown_at = -float("inf")
        self._return = "return –"

    def message(self, text: str) -> None:
        """Print a line of its own."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def begin(self, total: int, unit: str) -> None:
        """Start to count towards `total` iterations, named `unit`."""
        self._total, self._unit = total, unit
        if self.console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.completed}/{task.total} {task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[rate]}  {task.fields[mean_return]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self.console,
            )
            self._bar.add_task(unit, total=total, rate="", mean_return=self._return)
            self._bar.start()

    def update(self, iteration: int, env_steps: int, scalars: dict[str, float]) -> None:
        """Take in one finished iteration (see `TrainContext.on_iteration`)."""
        now = time.perf_counter()
        if "return_mean" in scalars:
            self._return = f"return {scalars['return_mean']:.2f}"
        if self._first is None:
            self._first = (now, env_steps, iteration)
        began, first_steps, first_iteration = self._first
        rate = _rate(now - began, env_steps - first_steps)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=iteration, rate=rate, mean_return=self._return)
        elif now - self._shown_at >= self._plain_interval or iteration >= self._total:
            self._shown_at = now
            done, todo = iteration - first_iteration, self._total - iteration
            remaining = f"  {duration((now - began) / done * todo)} left" if done > 0 and todo > 0 else ""
            self.message(f"{iteration}/{self._total} {self._unit}  {rate}  {self._return}{remaining}")

    def __enter__(self) -> TrainingProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _rate(seconds: float, steps: int) -> str:
    return f"{steps / seconds:,.0f} steps/s" if seconds > 0 else "– steps/s"


def duration(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
