"""A training that breaks down stops, and says what broke first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch

from genelab.utils.errors import GenelabError


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Return whether no element is NaN or infinite."""
    return bool(torch.stack([tensor.detach().isfinite().all() for tensor in tensors]).all())


def require_finite(finite: dict[str, bool], *, moment: str, task: str, checkpoint: Path | None, fix: str) -> None:
    """Raise unless everything is finite.

    Args:
        finite: What was looked at (`"a weight"`), and whether it is finite.
        moment: When that was (`"iteration 7"`).
        task: The task's id.
        checkpoint: The last good checkpoint, if there is one.
        fix: What to try.

    Raises:
        GenelabError: with the names of what is not.
    """
    broken = [name for name, good in finite.items() if not good]
    if broken:
        last = "no checkpoint yet" if checkpoint is None else f"the last good checkpoint is {checkpoint}"
        raise GenelabError(
            f"training broke down in {moment}: {' and '.join(broken)} is not finite",
            where=f"{task}; {last}",
            fix=fix,
        )
