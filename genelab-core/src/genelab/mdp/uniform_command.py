"""Command that is a uniformly drawn vector."""

from __future__ import annotations

from genelab.config.base import configclass
from genelab.config.terms import CommandTermCfg
from genelab.managers.command_manager import CommandTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch


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

    def build(self, env: TermEnv) -> UniformCommand:
        return UniformCommand(self, env)


class UniformCommand(CommandTerm):
    """Runtime of `UniformCommandCfg`."""

    def __init__(self, cfg: UniformCommandCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        self._low = torch.tensor(cfg.low, device=env.device)
        self._high = torch.tensor(cfg.high, device=env.device)
        self._command = torch.zeros(env.num_envs, len(cfg.low), device=env.device)

    @property
    def command(self) -> torch.Tensor:
        return self._command

    def resample(self, mask: torch.Tensor) -> None:
        drawn = self.env.random.uniform(f"command/{self.name}", len(self._low), mask, low=self._low, high=self._high)
        self._command = torch.where(mask[:, None], drawn, self._command)

    def load_command(self, command: torch.Tensor) -> None:
        self._command = command
