"""Commands given on the command line: `"vx=0.5 for 4s; vx=0.3 wz=0.5 for 3s; twist=0,0,0"`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab.utils.names import unknown_name

if TYPE_CHECKING:
    from genelab.managers.command_manager import CommandManager

WHERE = "--command"
_DURATION = re.compile(r"(?P<setting>.*?)(?:\bfor\s+(?P<seconds>[\d.]+)\s*s)?\s*", re.DOTALL)


@dataclass(frozen=True)
class _Part:
    """Values of the commands that a part sets, and when it ends, s."""

    values: Mapping[str, tuple[float, ...]]
    until: float


class CommandScript:
    """A sequence of commands; the last one stays.

    Args:
        text: Parts `SETTING [for SECONDS s]` separated by `;`. A setting is `[NAME=]v1,v2,...`, where the name may be
            left out if there is only one command, or `COMPONENT=v` once or more with spaces or commas between them; the
            other components are then 0. `NAME.COMPONENT=v` where several commands have a component of that name.
        commands: Width (`"dim"`, `None` where it is not known yet) and names of the elements (`"components"`; may be
            missing) of each command, as `CommandManager.describe` and the metadata of exported policies have them.

    Attributes:
        duration: Length, s; infinite when the last part has no end.

    Raises:
        UsageError: for another form, an unknown name or a wrong number of values.
    """

    def __init__(self, text: str, commands: Mapping[str, Mapping[str, Any]]) -> None:
        self._parts: list[_Part] = []
        self.duration = 0.0
        for piece in filter(str.strip, text.split(";")):
            if math.isinf(self.duration):
                raise UsageError(
                    f"{piece.strip()!r} never begins: the part before it has no end",
                    where=WHERE,
                    fix="say how long it lasts: ... for 4s; ...",
                )
            match = _DURATION.fullmatch(piece)
            assert match is not None
            self.duration += _number(match["seconds"], piece) if match["seconds"] else math.inf
            self._parts.append(_Part(_read(match["setting"], piece, commands), self.duration))
        if not self._parts:
            raise UsageError("the command is empty", where=WHERE, fix="write 'NAME=1,0,0 for 4s; NAME=0,0,0'")

    @property
    def names(self) -> list[str]:
        """The commands that it sets at some time."""
        return list(dict.fromkeys(name for part in self._parts for name in part.values))

    def values(self, name: str, time: np.ndarray) -> np.ndarray:
        """Return a command `(num_envs, dim)` at these times since the start, s; zero before it is first set."""
        own = [part.values[name] for part in self._parts if name in part.values]
        values, begin = np.zeros((len(time), len(own[0]))), 0.0
        for part in self._parts:
            if name in part.values:
                values[time >= begin - 1e-9] = part.values[name]
            begin = part.until
        return values

    def give(self, manager: CommandManager, step: np.ndarray, step_dt: float) -> None:
        """Set the commands of robots that are `step` control steps into their episodes, `(num_envs,)`."""
        for name in self.names:
            manager.terms[name].load_command(torch.from_numpy(self.values(name, step * step_dt)).float())

    def hold(self, manager: CommandManager, time: float) -> None:
        """Let the commands of all robots be those of `time`, s, from their next update on."""
        for name in self.names:
            term = manager.terms[name]
            value = torch.from_numpy(self.values(name, np.array([time]))[0])
            term.hold(value.to(term.command.device, term.command.dtype))


def _read(setting: str, piece: str, commands: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[float, ...]]:
    """Return the values of the commands that a part sets."""
    given: dict[str | None, list[float]] = {}
    key: str | None = None
    for word in re.sub(r"\s*=\s*", "=", setting).replace(",", " ").split():
        name, equals, number = word.rpartition("=")
        if equals:
            key = name
            if key in given:
                raise UsageError(f"{piece.strip()!r} sets {key} twice", where=WHERE)
        given.setdefault(key, []).append(_number(number, piece))
    if not given:
        raise _no_command(piece)
    return _by_command(given, commands)


def _by_command(
    given: Mapping[str | None, list[float]], commands: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[float, ...]]:
    """Put what was written under names of commands and of their components into whole commands."""
    whole: dict[str, tuple[float, ...]] = {}
    parts: dict[str, dict[str, float]] = {}
    for key, numbers in given.items():
        command, component = _find(key, commands)
        if component is None:
            width = commands[command]["dim"]
            if width not in (None, len(numbers)):
                raise UsageError(f"{command} has {width} elements, not {len(numbers)}", where=WHERE)
            whole[command] = tuple(numbers)
        elif len(numbers) != 1:
            raise UsageError(f"{key} is one number, not {len(numbers)}", where=WHERE)
        elif component in parts.setdefault(command, {}):
            raise UsageError(f"{command}.{component} is set twice in one part", where=WHERE)
        else:
            parts[command][component] = numbers[0]
    for command, values in parts.items():
        if command in whole:
            raise UsageError(f"{', '.join(values)} and all of {command} are set in one part", where=WHERE)
        whole[command] = tuple(values.get(component, 0.0) for component in commands[command]["components"])
    return whole


def _find(key: str | None, commands: Mapping[str, Mapping[str, Any]]) -> tuple[str, str | None]:
    """Return the command, and its component if it is one, that `key` names."""
    if key is None:
        if len(commands) != 1:
            raise UsageError(
                "name the command", where=WHERE, fix=f"this policy has: {', '.join(_known(commands)) or 'none'}"
            )
        return next(iter(commands)), None
    if key in commands:
        return key, None
    prefix, _, last = key.rpartition(".")
    owners = [name for name, about in commands.items() if last in about.get("components", ()) and prefix in ("", name)]
    if len(owners) > 1:
        raise UsageError(
            f"{key} is a component of {' and of '.join(owners)}", where=WHERE, fix=f"write {owners[0]}.{key}"
        )
    if not owners:
        raise unknown_name("command", key, _known(commands), where=WHERE)
    return owners[0], last


def _known(commands: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [*commands, *(component for about in commands.values() for component in about.get("components", ()))]


def _number(text: str, piece: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _no_command(piece) from None
    if not math.isfinite(number):
        raise UsageError(f"{piece.strip()!r} asks for {text}", where=WHERE, fix="give a finite number")
    return number


def _no_command(piece: str) -> UsageError:
    return UsageError(
        f"{piece.strip()!r} is no command", where=WHERE, fix="write NAME=v1,v2,... or COMPONENT=v, and for 4s after it"
    )
