"""Experts: scripted policies that solve a task by looking at the simulator's state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation, VecEnv


class Expert(ABC):
    """A policy (`genelab.rl.policy.Policy`) for one environment, named by `genelab.api.TaskSpec.expert`.

    It may read anything of `self.env`, and is therefore no policy for a robot: it shows what a task asks for, and
    records demonstrations.

    Args:
        env: The environment that it will act in.
    """

    kind = "expert"
    recurrent = False

    def __init__(self, env: VecEnv) -> None:
        self.env = env.unwrapped

    @abstractmethod
    def __call__(self, observations: Observation) -> torch.Tensor:
        """Return actions `(num_envs, action_dim)` for the present state."""

    @abstractmethod
    def reset(self, done: torch.Tensor | None = None) -> None:
        """Start anew in the envs where `done`, bool `(num_envs,)`, or in all."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return what the next actions depend on besides the environment."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
