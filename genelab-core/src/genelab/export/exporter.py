"""The contract of an exporter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from genelab.rl.backends.base import RecurrentSpec


@dataclass
class Exportable:
    """A policy ready to be written: raw flat observation in, action out.

    Attributes:
        module: `forward(obs[, h[, c]]) -> actions[, h[, c]]` with scale, clip and normaliser inside, in eval mode, on CPU.
        obs_dim: Width of the flat raw observation: the actor's groups concatenated in order.
        action_dim: Width of the action.
        recurrent: Hidden state, or `None`.
        metadata: What goes into `<file>.metadata.json`, without the keys that the exporter adds.
    """

    module: torch.nn.Module
    obs_dim: int
    action_dim: int
    recurrent: RecurrentSpec | None
    metadata: dict[str, Any]


class Exporter(ABC):
    """Writes one file format and reads it back."""

    @abstractmethod
    def export(self, policy: Exportable, path: Path, **options: Any) -> dict[str, Any]:
        """Write `policy` to `path`; return keys to add to the metadata (`opset`, ports).

        Raises:
            UsageError: for an option or a kind of policy that the format cannot carry.
        """

    @abstractmethod
    def load(self, path: Path, metadata: dict[str, Any]) -> Any:
        """Return a callable `(obs, *states) -> (actions, *states)` over CPU float32 tensors that runs the file at
        any batch size (one env after the other if the format is fixed to batch 1, with the state of each kept apart).
        """
