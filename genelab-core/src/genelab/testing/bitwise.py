"""Where two checkpoints or states differ, down to the last bit."""

from __future__ import annotations

from typing import Any

import torch


def bit_differences(a: Any, b: Any, where: str = "") -> list[str]:
    """Return the paths at which two trees of tensors and plain values differ; NaN equals the same NaN.

    Args:
        a: Tensors, numbers, strings, and dicts, lists and tuples of them.
        b: What should be the same.
        where: Path of both, for the result.
    """
    if isinstance(a, torch.Tensor):
        return [] if isinstance(b, torch.Tensor) and _same_bits(a, b) else [where]
    if isinstance(a, dict):
        if not isinstance(b, dict) or a.keys() != b.keys():
            return [f"{where}: {list(a)} against {b if not isinstance(b, dict) else list(b)}"]
        return [line for key in a for line in bit_differences(a[key], b[key], f"{where}/{key}")]
    if isinstance(a, list | tuple):
        if not isinstance(b, list | tuple) or len(a) != len(b):
            return [f"{where}: lengths"]
        pairs = enumerate(zip(a, b, strict=True))
        return [line for index, (x, y) in pairs for line in bit_differences(x, y, f"{where}/{index}")]
    return [] if a == b else [f"{where}: {a} against {b}"]


def _same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return torch.equal(a.reshape(-1).view(torch.uint8), b.reshape(-1).view(torch.uint8))
