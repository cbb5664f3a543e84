"""Weights from a checkpoint into networks, with a reason when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.utils.errors import GenelabError


def load_weights(model: torch.nn.Module, weights: Any, what: str, path: Path) -> None:
    """Copy `weights` into `model`; all of them or none.

    Args:
        model: The network.
        weights: Tensors by name.
        what: `"actor"`, say, for the message.
        path: The file they are from, for the message.

    Raises:
        GenelabError: with the names and shapes that do not fit.
    """
    here = model.state_dict()
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise GenelabError(f"{path.name} holds no weights for the {what}", where=str(path))
    lines = [f"{name}: only in this agent" for name in here if name not in weights]
    lines += [f"{name}: only in the file" for name in weights if name not in here]
    lines += [
        f"{name}: {tuple(weights[name].shape)} in the file, {tuple(here[name].shape)} in this agent"
        for name in here
        if name in weights and weights[name].shape != here[name].shape
    ]
    if lines:
        raise GenelabError(
            f"the {what} of {path.name} has other widths than this agent:\n    " + "\n    ".join(lines),
            where=str(path),
            fix="use the task and the network sizes that it was trained with (params/agent.json of its run)",
        )
    model.load_state_dict(weights)
