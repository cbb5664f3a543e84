"""Left and right: what a robot's state looks like in a mirror that stands in its xz plane."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

POLAR = (1.0, -1.0, 1.0)
"""Signs of positions, velocities, forces and gravity, (x, y, z)."""

AXIAL = (-1.0, 1.0, -1.0)
"""Signs of angular velocities and torques, (x, y, z): pseudo-vectors turn the other way round."""

PLANAR_COMMAND = (1.0, -1.0, -1.0)
"""Signs of a velocity command (vx, vy, wz)."""


@dataclass(frozen=True)
class Mirror:
    """Which joint becomes which, and which change their sign.

    Attributes:
        swapped: Pairs of prefixes of names; a name with neither stands in the mirror's plane and keeps its place.
        negated: Patterns (full regular expressions) of joints that turn about x or z; those about y keep their sign.
    """

    swapped: tuple[tuple[str, str], ...]
    negated: tuple[str, ...]

    def counterpart(self, name: str) -> str:
        """Return the name of the joint, link or foot on the other side."""
        for left, right in self.swapped:
            for here, there in ((left, right), (right, left)):
                if name.startswith(here):
                    return there + name.removeprefix(here)
        return name

    def permutation(self, names: Sequence[str]) -> list[int]:
        """Return for each name the index of its counterpart.

        Raises:
            GenelabError: if a counterpart is not among `names`.
        """
        index = {name: position for position, name in enumerate(names)}
        missing = [name for name in names if self.counterpart(name) not in index]
        if missing:
            raise GenelabError(
                f"{missing[0]!r} has no counterpart {self.counterpart(missing[0])!r} to mirror it to",
                fix="choose joints of both sides",
            )
        return [index[self.counterpart(name)] for name in names]

    def signs(self, names: Sequence[str]) -> list[float]:
        """Return −1 for joints that turn the other way in the mirror, else 1."""
        return [-1.0 if any(re.fullmatch(pattern, name) for pattern in self.negated) else 1.0 for name in names]

    def joints(self, values: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
        """Mirror joint positions, velocities, torques or actions `(..., len(names))`, in the order of `names`."""
        return values[..., self.permutation(names)] * torch.tensor(self.signs(names), device=values.device)
