"""Commands given on the command line: `"velocity=0.5,0,0 for 4s; velocity=0,0,0.5"`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from genelab.utils.errors import UsageError
from genelab.utils.names import unknown_name

if TYPE_CHECKING:
    from genelab.managers.command_manager import CommandManager

_PART = re.compile(r"\s*(?:(?P<name>[\w.\-]+)\s*=)?\s*(?P<values>[^=\s]+?)\s*(?:for\s+(?P<seconds>[\d.]+)\s*s)?\s*")


@dataclass(frozen=True)
class _Part:
    name: str
    values: tuple[float, ...]
    until: float


class CommandScript:
    """A sequence of commands, the same in every episode; the last one stays.

    Args:
        text: Parts `[NAME=]v1,v2,... [for SECONDS s]` separated by `;`. The name may be left out where there is only
            one command.
        dims: Width of each command.

    Raises:
        UsageError: for another form, an unknown command or a wrong number of values.
    """

    def __init__(self, text: str, dims: Mapping[str, int]) -> None:
        self._parts: list[_Part] = []
        begin = 0.0
        for piece in filter(str.strip, text.split(";")):
            part = _read(piece, begin, dims)
            self._parts.append(part)
            begin = part.until
        if not self._parts:
            raise UsageError("the command is empty", where="--command", fix="write 'NAME=1,0,0 for 4s; NAME=0,0,0'")

    def give(self, manager: CommandManager, step: np.ndarray, step_dt: float) -> None:
        """Set the commands of robots that are `step` control steps into their episodes, `(num_envs,)`."""
        names = dict.fromkeys(part.name for part in self._parts)
        for name in names:
            manager.terms[name].load_command(torch.from_numpy(self.values(name, step * step_dt)).float())

    def values(self, name: str, time: np.ndarray) -> np.ndarray:
        """Return the command `(num_envs, dim)` at these times since the start, s; before its first part it is zero."""
        own = [part for part in self._parts if part.name == name]
        values, begin = np.zeros((len(time), len(own[0].values))), 0.0
        for part in self._parts:
            if part.name == name:
                values[time >= begin - 1e-9] = part.values
            begin = part.until
        return values


def _read(piece: str, begin: float, dims: Mapping[str, int]) -> _Part:
    match = _PART.fullmatch(piece)
    try:
        values = tuple(float(text) for text in match["values"].split(",")) if match else ()
        seconds = float(match["seconds"]) if match and match["seconds"] else np.inf
    except ValueError:
        match = None
    if match is None:
        raise UsageError(
            f"{piece.strip()!r} is no command", where="--command", fix="write NAME=v1,v2,... or NAME=v1,v2,... for 4s"
        )
    name = match["name"]
    if name is None and len(dims) == 1:
        name = next(iter(dims))
    if name is None:
        raise UsageError("name the command", where="--command", fix=f"this policy has: {', '.join(dims) or 'none'}")
    if name not in dims:
        raise unknown_name("command", name, dims, where="--command")
    if len(values) != dims[name]:
        raise UsageError(f"{name} has {dims[name]} elements, not {len(values)}", where="--command")
    return _Part(name, values, begin + seconds)
