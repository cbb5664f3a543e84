"""What an observation vector is made of: groups, terms, scale, clip and history. Light: no torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from genelab.utils.files import sha256_json


@dataclass(frozen=True)
class TermLayout:
    """One term: `dim` numbers per frame; `scale` has one factor for each of them; `clip` bounds the scaled value.

    A bound that is infinite is none; JSON has `null` for it.
    """

    name: str
    dim: int
    scale: tuple[float, ...]
    clip: tuple[float, float] | None = None


@dataclass(frozen=True)
class GroupLayout:
    """One group: its terms side by side, `history_length` frames of that, oldest first."""

    name: str
    terms: tuple[TermLayout, ...]
    history_length: int = 1

    @property
    def frame_dim(self) -> int:
        return sum(term.dim for term in self.terms)

    @property
    def dim(self) -> int:
        return self.frame_dim * self.history_length

    def scale(self) -> list[float]:
        """Return the factor of each of the `dim` elements."""
        return [factor for term in self.terms for factor in term.scale] * self.history_length

    def clip(self) -> list[tuple[float, float] | None]:
        """Return the bounds of each of the `dim` elements, applied after the scale."""
        return [term.clip for term in self.terms for _ in range(term.dim)] * self.history_length


@dataclass(frozen=True)
class ObservationLayout:
    """All groups of an environment, by name."""

    groups: dict[str, GroupLayout]

    def select(self, names: tuple[str, ...] | list[str]) -> ObservationLayout:
        """Return the layout of these groups, in this order."""
        return ObservationLayout({name: self.groups[name] for name in names})

    def to_json(self) -> dict[str, Any]:
        return {
            name: {
                "history_length": group.history_length,
                "terms": [
                    {**asdict(term), "scale": [float(x) for x in term.scale], "clip": _listed(term.clip)}
                    for term in group.terms
                ],
            }
            for name, group in self.groups.items()
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ObservationLayout:
        groups = {}
        for name, group in value.items():
            terms = tuple(
                TermLayout(t["name"], t["dim"], tuple(t["scale"]), _bounds(t["clip"])) for t in group["terms"]
            )
            groups[name] = GroupLayout(name, terms, group["history_length"])
        return cls(groups)

    def sha256(self) -> str:
        """Return a hash that changes with any name, width, order, scale, clip or history length."""
        return sha256_json([[name, group] for name, group in self.to_json().items()])

    def diff(self, other: ObservationLayout) -> list[str]:
        """Return one line for each term that differs from `other`; empty when they are the same."""
        lines = []
        for name in dict.fromkeys([*self.groups, *other.groups]):
            ours, theirs = self.groups.get(name), other.groups.get(name)
            if ours is None or theirs is None:
                lines.append(f"group {name}: only in {'the second' if ours is None else 'the first'}")
                continue
            if ours.history_length != theirs.history_length:
                lines.append(f"group {name}: history_length {ours.history_length} against {theirs.history_length}")
            for index in range(max(len(ours.terms), len(theirs.terms))):
                a = ours.terms[index] if index < len(ours.terms) else None
                b = theirs.terms[index] if index < len(theirs.terms) else None
                if a != b:
                    lines.append(f"group {name}, term {index}: {_describe(a)} against {_describe(b)}")
        if not lines and list(self.groups) != list(other.groups):
            lines.append(f"order of groups: {list(self.groups)} against {list(other.groups)}")
        return lines


def _listed(clip: tuple[float, float] | None) -> list[float | None] | None:
    return None if clip is None else [float(bound) if math.isfinite(bound) else None for bound in clip]


def _bounds(clip: list[float | None] | None) -> tuple[float, float] | None:
    if clip is None:
        return None
    low, high = clip
    return (-math.inf if low is None else low, math.inf if high is None else high)


def _describe(term: TermLayout | None) -> str:
    if term is None:
        return "nothing"
    scale = term.scale[0] if len(set(term.scale)) == 1 else list(term.scale)
    return f"{term.name}[{term.dim}] scale {scale} clip {term.clip}"
