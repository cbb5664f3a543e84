"""`--prof` and its schedule, for `train` and `play`."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import click

from genelab.profiling.schedule import SWITCH, ProfileSchedule
from genelab.utils.errors import UsageError

_HELP = {
    "wait": "Steps before the profiler starts, and between traces.",
    "warmup": "Steps with the profiler running before those that are recorded.",
    "active": "Steps in one trace.",
    "repeat": "Traces.",
}


def profile_options(step: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--prof`, `--prof-wait`, `--prof-warmup`, `--prof-active` and `--prof-repeat`.

    While the command runs they stand in `GENELAB_PROFILE*`, where it and the processes it starts look for them.

    Args:
        step: What a step is, for the help.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def profiled(*, prof: bool, **arguments: Any) -> Any:
            given = {name: arguments.pop(f"prof_{name}") for name in _HELP}
            with _environment(_variables(prof, {name: value for name, value in given.items() if value is not None})):
                ProfileSchedule.from_environment()  # refuses a bad value before anything starts
                return command(**arguments)

        packed: Callable[..., Any] = profiled
        for field in reversed(fields(ProfileSchedule)):
            least = 1 if field.name in ("active", "repeat") else 0
            text = f"{_HELP[field.name]}  [default: {field.default}]"
            packed = click.option(f"--prof-{field.name}", type=click.IntRange(min=least), help=text)(packed)
        text = f"Record with torch's profiler: traces and a table by region, in torch_profile/. A step is {step}."
        return click.option("--prof", is_flag=True, help=text)(packed)

    return decorate


def _variables(prof: bool, given: dict[str, int]) -> dict[str, str]:
    """Return the environment variables that the options stand for; what is not given stays as the environment says.

    Raises:
        UsageError: for a schedule without anything to schedule.
    """
    if prof:
        inherited = ProfileSchedule.from_environment({**os.environ, SWITCH: "1"})
        assert inherited is not None
        return replace(inherited, **given).to_environment()
    if given:
        raise UsageError(f"{', '.join(f'--prof-{name}' for name in given)} without --prof", fix="add --prof")
    return {}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables inside the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
