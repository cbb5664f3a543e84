"""How far a training is: a bar on a terminal, plain lines elsewhere, and a file that other processes read."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from genelab.utils.errors import UsageError
from genelab.utils.files import read_json, write_json

PLAIN_INTERVAL_S = 10.0
PROGRESS = Path("progress.json")
INTERVAL_S = 1.0


class TrainingProgress:
    """Iterations done, environment steps per second and the latest mean return.

    Args:
        console: Where to show it; standard error keeps standard output for results.
        plain_interval_s: Least time between lines where `console` is no terminal.
    """

    def __init__(self, console: Console, plain_interval_s: float = PLAIN_INTERVAL_S) -> None:
        self.console = console
        self._plain_interval = plain_interval_s
        self._bar: Bar | None = None
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
            self._bar = Bar(
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


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        iteration, max_iterations: Iterations done and to do, in `unit`s.
        env_steps: Environment steps done, summed over envs.
        steps_per_s: Environment steps per second since this process began; `None` after its first iteration.
        seconds_left: Estimate at that speed; `None` as long as there is none.
        return_mean: Mean return of the latest episodes; `None` before one has finished.
    """

    iteration: int
    max_iterations: int
    unit: str
    env_steps: int
    steps_per_s: float | None = None
    seconds_left: float | None = None
    return_mean: float | None = None


class ProgressFile:
    """Writes `progress.json` of a run, at most once in `interval_s` seconds, and when it is told to.

    Args:
        run_dir: The run's folder.
        total: Iterations to do.
        unit: What an iteration is called.
        interval_s: Least time between two writes.
    """

    def __init__(self, run_dir: Path, total: int, unit: str, interval_s: float = INTERVAL_S) -> None:
        self._path = run_dir / PROGRESS
        self._total, self._unit, self._interval = total, unit, interval_s
        self._first: tuple[float, int, int] | None = None
        self._written_at = -math.inf
        self._return: float | None = None
        self._progress: Progress | None = None

    def update(self, iteration: int, env_steps: int, scalars: dict[str, float]) -> None:
        """Take in one finished iteration (see `TrainContext.on_iteration`)."""
        now = time.perf_counter()
        if "return_mean" in scalars:
            value = scalars["return_mean"]
            self._return = value if math.isfinite(value) else None
        if self._first is None:
            self._first = (now, env_steps, iteration)
        began, first_steps, first_iteration = self._first
        seconds, done = now - began, iteration - first_iteration
        self._progress = Progress(
            iteration=iteration,
            max_iterations=self._total,
            unit=self._unit,
            env_steps=env_steps,
            steps_per_s=(env_steps - first_steps) / seconds if done else None,
            seconds_left=seconds / done * (self._total - iteration) if done else None,
            return_mean=self._return,
        )
        if now - self._written_at >= self._interval:
            self._written_at = now
            self.write()

    def write(self) -> None:
        """Write the latest progress now, as at the end of a training."""
        if self._progress is not None:
            write_json(self._path, asdict(self._progress), durable=False)


def read_progress(run_dir: Path) -> Progress | None:
    """Return how far the run in `run_dir` is; `None` before its first iteration.

    Raises:
        UsageError: if the file is not what a run writes.
    """
    path = run_dir / PROGRESS
    if not path.exists():
        return None
    try:
        return Progress(**read_json(path))
    except TypeError as error:
        raise UsageError(f"{path.name} is not of a run: {error}", where=str(path)) from error
