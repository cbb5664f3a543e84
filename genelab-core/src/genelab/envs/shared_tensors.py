"""Tensors that several processes of one machine read and write, by name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

Spec = dict[str, tuple[list[int], str]]
"""By name the shape and the data type (`"float32"`, `"bool"`, …): plain JSON."""


def shared_tensors(folder: Path, spec: Spec) -> dict[str, torch.Tensor]:
    """Map the tensors of `spec`, one file each in `folder`, which is best in memory; new ones are zero.

    Every process that calls this with the same arguments sees the same numbers, without any synchronisation.
    """
    return {name: _mapped(folder / name.replace("/", "."), *entry) for name, entry in spec.items()}


def _mapped(path: Path, shape: list[int], dtype: str) -> torch.Tensor:
    kind: Any = getattr(torch, dtype)
    count = math.prod(shape)
    return torch.from_file(str(path), shared=True, size=max(count, 1), dtype=kind)[:count].view(shape)
