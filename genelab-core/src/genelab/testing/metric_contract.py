"""What every evaluation metric must do."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch

from genelab.api import MetricSpec
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.plugins.catalog import get_catalog
from genelab.testing.fake_env import FakeVecEnv


class MetricContract:
    """Test a metric.

        class TestMyMetric(MetricContract):
            metric = "my_metric"

    A metric that reads robots raises `NotApplicable` on the fake environment: override `env` with one that has them.

    Attributes:
        metric: The metric's name.
        episodes: Episodes measured.
    """

    metric: ClassVar[str]
    episodes: ClassVar[int] = 16

    def env(self, num_envs: int) -> FakeVecEnv:
        """Return an environment whose episodes are short."""
        return FakeVecEnv(num_envs, max_episode_length=12, failure_steps=(3, 9), success_probability=0.6)

    def test_the_record_says_what_the_class_is(self) -> None:
        assert isinstance(self._metric(), EvalMetric)

    def test_each_finished_episode_has_one_number(self) -> None:
        values = self.measure(num_envs=8)
        assert sorted(values) == list(range(self.episodes))

    def test_an_episode_has_the_same_value_beside_any_number_of_envs(self) -> None:
        assert self.measure(num_envs=4) == pytest.approx(self.measure(num_envs=8), rel=1e-6, nan_ok=True)

    def test_measuring_twice_gives_the_same(self) -> None:
        assert self.measure(num_envs=8) == pytest.approx(self.measure(num_envs=8), rel=0, abs=0, nan_ok=True)

    def measure(self, num_envs: int) -> dict[int, float]:
        """Return the value of each episode under zero actions, by episode index."""
        env, metric = self.env(num_envs), self._metric()
        env.reset(seed=0, options={"evaluation": True})
        try:
            metric.start(env)
        except NotApplicable as reason:
            pytest.skip(f"not applicable: {reason}")
        env.step_observers.append(metric.update)
        actions = torch.zeros(num_envs, env.action_dim, device=env.device)
        values: dict[int, float] = {}
        running = list(range(num_envs))
        while len(values) < self.episodes:
            _, _, terminated, truncated, _ = env.step(actions)
            finished = (terminated | truncated).nonzero().flatten()
            if len(finished) == 0:
                continue
            measured = metric.finish(finished)
            assert measured.shape == finished.shape
            for slot, value in zip(finished.tolist(), measured.tolist(), strict=True):
                if running[slot] < self.episodes:
                    values[running[slot]] = value
                running[slot] += num_envs
        return values

    def _spec(self) -> MetricSpec:
        return get_catalog().metric(self.metric)

    def _metric(self) -> EvalMetric:
        spec = self._spec()
        return get_catalog().load(spec, spec.metric)()
