"""The contract of a per-episode metric, and the core's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from genelab.envs.vec_env import StepView, VecEnv


class NotApplicable(Exception):
    """Raised by `EvalMetric.start` when the environment has nothing for this metric; the report then leaves it out."""


class EvalMetric(ABC):
    """A number for every evaluation episode."""

    @abstractmethod
    def start(self, env: VecEnv) -> None:
        """Allocate per-env buffers; raise `NotApplicable` if this environment cannot be measured this way."""

    @abstractmethod
    def update(self, step: StepView) -> None:
        """Take in one control step; the entity state is still the terminal one for envs that end in it."""

    @abstractmethod
    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        """Return the values `(len(env_ids),)` of the episodes that just ended in these envs, and start anew there.

        NaN means "no value" and is reported as null.
        """
