"""Runtime of `UniformCommandCfg`."""

from __future__ import annotations

from typing import Any

import torch

from genelab.managers.command_manager import CommandTerm


class UniformCommand(CommandTerm):
    """A uniformly drawn vector per env."""

    def __init__(self, cfg: Any, env: Any) -> None:
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
