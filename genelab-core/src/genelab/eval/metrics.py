"""The contract of a per-episode metric, and the core's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from genelab.utils.lazy import torch

if TYPE_CHECKING:
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


class _Running(EvalMetric):
    """One float64 number per env that begins each episode at `initial`."""

    initial = 0.0

    def start(self, env: VecEnv) -> None:
        self.value = torch.full((env.num_envs,), self.initial, dtype=torch.float64, device=env.device)

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        finished = self.value[env_ids]
        self.value[env_ids] = self.initial
        return finished


class ReturnMetric(_Running):
    """Undiscounted sum of the rewards."""

    def update(self, step: StepView) -> None:
        self.value += step.reward


class MaxRewardMetric(_Running):
    """Largest reward of a single control step."""

    initial = float("-inf")

    def update(self, step: StepView) -> None:
        self.value = torch.maximum(self.value, step.reward.double())


class LengthMetric(_Running):
    """Control steps."""

    def update(self, step: StepView) -> None:
        self.value += 1


class SuccessMetric(_Running):
    """Whether the task reports success in the step that ends the episode: 1, 0, or NaN where a task reports none."""

    initial = float("nan")

    def update(self, step: StepView) -> None:
        if step.success is not None:
            self.value = step.success.double()


class SuccessOnceMetric(_Running):
    """Whether the task reported success in any step of the episode: 1, 0, or NaN where a task reports none."""

    initial = float("nan")

    def update(self, step: StepView) -> None:
        if step.success is not None:
            self.value = torch.fmax(self.value, step.success.double())


class FirstSuccessMetric(EvalMetric):
    """Control step, counted from 1, of the first success; NaN for an episode without."""

    def start(self, env: VecEnv) -> None:
        self._first = torch.full((env.num_envs,), float("nan"), dtype=torch.float64, device=env.device)
        self._steps = torch.zeros_like(self._first)

    def update(self, step: StepView) -> None:
        self._steps += 1
        if step.success is not None:
            self._first = torch.where(self._first.isnan() & step.success, self._steps, self._first)

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        first = self._first[env_ids]
        self._first[env_ids] = float("nan")
        self._steps[env_ids] = 0.0
        return first
