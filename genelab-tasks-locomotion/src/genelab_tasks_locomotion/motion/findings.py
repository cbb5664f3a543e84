"""What is wrong with a clip: a table of what was measured, what is allowed, and where it was worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        name: What.
        worst: The largest value found.
        allowed: The largest value that passes.
        unit: Of both.
        where: Frame and column of the worst value.
    """

    name: str
    worst: float
    allowed: float
    unit: str
    where: str

    @property
    def passed(self) -> bool:
        return self.worst <= self.allowed


def worst_of(name: str, values: np.ndarray, allowed: float, unit: str, columns: Sequence[str] = ()) -> Finding:
    """Return the finding about the largest of `values`, `(num_frames,)` or `(num_frames, len(columns))`."""
    index = np.unravel_index(int(np.argmax(values)), values.shape)
    where = f"frame {index[0]}" + (f", {columns[int(index[1])]}" if columns else "")
    return Finding(name, float(values[index]), allowed, unit, where)
