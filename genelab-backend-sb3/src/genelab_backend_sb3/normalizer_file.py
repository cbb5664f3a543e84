"""The statistics of observations as an npz: readable without torch, read without unpickling."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genelab.utils.errors import GenelabError
from genelab_backend_sb3.networks import RunningNormalizer

NORMALIZER = "normalizer.npz"
"""Member of a model file: `mean` and `variance` `(dim,)`, `count` `()`."""

_ARRAYS = ("mean", "variance", "count")


def pack_statistics(policy: torch.nn.Module) -> bytes | None:
    """Return the statistics, which all networks of a policy share, as the bytes of an npz; `None` without any."""
    for module in policy.modules():
        if isinstance(module, RunningNormalizer):
            buffer = io.BytesIO()
            np.savez(buffer, **{name: getattr(module, name).detach().cpu().numpy() for name in _ARRAYS})
            return buffer.getvalue()
    return None


def read_statistics(content: bytes, path: Path, largest: int) -> dict[str, torch.Tensor]:
    """Return the arrays of an npz by name.

    Args:
        content: The npz.
        path: The model file it is from.
        largest: Bytes that the arrays may have together.

    Raises:
        GenelabError: if it is damaged, holds anything else than numbers, or lacks an array.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > largest:
            raise GenelabError(
                f"{NORMALIZER} in {path.name} unpacks to {size} bytes, more than any has", where=str(path)
            )
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.asarray(arrays[name])) for name in _ARRAYS}
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, TypeError, ValueError) as error:
        raise GenelabError(
            f"{NORMALIZER} in {path.name} is refused: {error}",
            where=str(path),
            fix="only the numbers mean, variance and count are read; use another checkpoint of the run",
        ) from error


def put_statistics(weights: Any, statistics: dict[str, torch.Tensor], path: Path) -> None:
    """Replace the statistics among the weights of a policy, which the library's own files hold there.

    Raises:
        GenelabError: if they are of another width, or the policy does not normalise.
    """
    if not isinstance(weights, dict):
        return  # refused where the weights are loaded
    for name, array in statistics.items():
        places = [place for place in weights if place.endswith(f"normalizer.{name}")]
        if not places or any(np.shape(weights[place]) != array.shape for place in places):
            raise GenelabError(
                f"{NORMALIZER} in {path.name} does not fit its policy.pth: {name} has shape {tuple(array.shape)}",
                where=str(path),
                fix="use another checkpoint of the run",
            )
        weights.update(dict.fromkeys(places, array))
