"""Command terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genelab.config.base import configclass
from genelab.config.terms import CommandTermCfg

if TYPE_CHECKING:
    from genelab.mdp.uniform_command import UniformCommand


@configclass
class UniformCommandCfg(CommandTermCfg):
    """A vector drawn uniformly.

    Attributes:
        low: Lower bounds, one per element.
        high: Upper bounds.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high):
            raise ValueError("low and high need the same number of elements")

    def build(self, env: Any) -> UniformCommand:
        from genelab.mdp.uniform_command import UniformCommand

        return UniformCommand(self, env)
