"""Weights from a model file into an algorithm or into networks alone."""

from __future__ import annotations

from typing import Any

import torch

from genelab.rl.checkpoint import load_weights
from genelab.utils.errors import GenelabError
from genelab_backend_sb3.archive import Archive


def load_policy(policy: torch.nn.Module, archive: Archive, algorithm: str) -> None:
    """Copy networks and normalisers.

    Args:
        policy: Where to.
        archive: Where from.
        algorithm: The agent's algorithm.

    Raises:
        GenelabError: if the file is of another algorithm, or something has another width.
    """
    trained_with = archive.info.get("algorithm", algorithm)
    if trained_with != algorithm:
        raise GenelabError(
            f"{archive.path.name} was trained with {trained_with}, not {algorithm}",
            where=str(archive.path),
            fix=f"--agent.algorithm {trained_with}",
        )
    load_weights(policy, archive.weights["policy"], "policy", archive.path)


def load_optimizers(algorithm: Any, archive: Archive) -> None:
    """Copy the states of all optimisers, and tensors outside the networks.

    Raises:
        GenelabError: if the file lacks one of them.
    """
    _, variables = algorithm._get_torch_save_params()
    missing = [name for name in variables if name not in archive.variables]
    try:
        algorithm.set_parameters(archive.weights, exact_match=True, device=algorithm.device)
    except ValueError as error:
        missing.append(str(error))
    if missing:
        raise GenelabError(
            f"{archive.path.name} lacks what a continuation needs: {', '.join(missing)}",
            where=str(archive.path),
            fix=f"--checkpoint {archive.path} begins a new run from its weights",
        )
    for name in variables:
        getattr(algorithm, name).data.copy_(archive.variables[name].data)
