"""What `--prof` asks for. It travels in environment variables, so that the ranks of a training inherit it. Light."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from genelab.utils.errors import UsageError

SWITCH = "GENELAB_PROFILE"
"""Environment variable that turns the profiler on; `GENELAB_PROFILE_WAIT` and so on set its schedule."""


@dataclass(frozen=True)
class ProfileSchedule:
    """Which steps are recorded: `wait` not, `warmup` with the profiler running, `active` recorded; `repeat` times.

    A step is a control step of `play`, and of `train` one iteration as it is reported: a rollout with its update, or
    for algorithms with a replay memory a stretch of steps.
    """

    wait: int = 10
    warmup: int = 5
    active: int = 10
    repeat: int = 2

    @property
    def first_trace(self) -> int:
        """Steps until the first trace is complete."""
        return self.wait + self.warmup + self.active

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        return {SWITCH: "1", **{_variable(field.name): str(getattr(self, field.name)) for field in fields(self)}}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ProfileSchedule | None:
        """Return the schedule that the environment variables ask for; `None` without `GENELAB_PROFILE=1`.

        Raises:
            UsageError: for a value that is not a number of steps.
        """
        if environment.get(SWITCH, "") in ("", "0"):
            return None
        given = {field.name: environment.get(_variable(field.name), "") for field in fields(cls)}
        return cls(**{name: _count(name, text) for name, text in given.items() if text})


def _variable(field: str) -> str:
    return f"{SWITCH}_{field.upper()}"


def _count(field: str, text: str) -> int:
    least = 1 if field in ("active", "repeat") else 0
    if not text.isdigit() or int(text) < least:
        raise UsageError(f"{text!r} is no number of steps", where=_variable(field), fix=f"give {least} or more")
    return int(text)
