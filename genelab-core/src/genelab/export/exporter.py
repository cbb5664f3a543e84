"""The contract of an exporter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.rl.backends.base import RecurrentSpec


@dataclass
class Exportable:
    """A policy ready to be written: raw flat observation in, action out.

    Attributes:
        module: `forward(obs[, h[, c]]) -> actions[, h[, c]]` with scale, clip and normaliser inside, in eval mode,
            on the CPU.
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

    def example_inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        """Return zeros in the shape of the module's inputs: `(batch, obs_dim)`, then the hidden states."""
        inputs = [torch.zeros(batch, self.obs_dim)]
        if self.recurrent is not None:
            shape = (self.recurrent.num_layers, batch, self.recurrent.hidden_dim)
            inputs += [torch.zeros(shape) for _ in self.recurrent.states]
        return tuple(inputs)


class Exporter(ABC):
    """Writes one file format and reads it back. Made without arguments, and fails then if a package is missing.

    Attributes:
        options: Names of the keyword arguments that `export` takes beside the policy and the path.
    """

    options: ClassVar[tuple[str, ...]] = ()

    def check_options(self, **options: Any) -> None:
        """Refuse values of options that can never work. Called before the simulator starts.

        Raises:
            UsageError: with the values that can work.
        """

    @abstractmethod
    def export(self, policy: Exportable, path: Path, **options: Any) -> dict[str, Any]:
        """Write `policy` to `path`; return keys to add to the metadata (`opset`, ports).

        Raises:
            UsageError: for a kind of policy that the format cannot carry.
        """

    @abstractmethod
    def load(self, path: Path, metadata: dict[str, Any]) -> Any:
        """Return a callable `(obs, *states) -> (actions, *states)` over CPU float32 tensors that runs the file at
        any batch size (one env after the other if the format is fixed to batch 1, with the state of each kept apart).
        """
