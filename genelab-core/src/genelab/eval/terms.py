"""Metrics of a task's own terms: its reward terms and the metric terms of its config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.eval.metrics import EvalMetric
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.config.env import ManagerBasedRlEnvCfg
    from genelab.envs.vec_env import StepView, VecEnv


class _ManagedTerm(EvalMetric):
    """A number that a manager of the environment keeps per env and episode, as it was in the last step."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value = torch.empty(0)

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        return self._value[env_ids]


class RewardTermMetric(_ManagedTerm):
    """Sum over the episode of one weighted reward term."""

    def start(self, env: VecEnv) -> None:
        self._manager = env.unwrapped.reward_manager
        self._index = self._manager.active_terms.index(self.name)

    def update(self, step: StepView) -> None:
        self._value = self._manager.episode_sums[self._index].double()


class MetricTermMetric(_ManagedTerm):
    """Mean over the episode of one metric term."""

    def start(self, env: VecEnv) -> None:
        self._manager = env.unwrapped.metric_manager
        self._index = self._manager.active_terms.index(self.name)

    def update(self, step: StepView) -> None:
        self._value = self._manager.sums[self._index].double() / step.env.episode_length_buf


def reward_terms(cfg: ManagerBasedRlEnvCfg) -> dict[str, EvalMetric]:
    """Return a metric for each reward term."""
    return {name: RewardTermMetric(name) for name in cfg.rewards}


def metric_terms(cfg: ManagerBasedRlEnvCfg) -> dict[str, EvalMetric]:
    """Return a metric for each metric term."""
    return {name: MetricTermMetric(name) for name in cfg.metrics}
