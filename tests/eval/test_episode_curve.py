"""Metrics with a profile: where along an episode their number comes from, of the episodes that count."""

from __future__ import annotations

import math

import pytest
import torch
from scored import LIMIT, check_schema, make_fake, run_zero, subject_of

from genelab.eval.episode_curve import CurveMetric, EpisodeCurve
from genelab.eval.report import build_report


class RewardOverTime(CurveMetric):
    """Mean reward of a step; its profile is over the steps of the episode."""

    def start(self, env) -> None:
        self.env = env
        self.total = torch.zeros(2, LIMIT)
        self.age = torch.zeros(env.num_envs, dtype=torch.long)

    def update(self, step) -> None:
        self.reward = step.reward

    def trace(self, counted) -> None:
        self.total.index_add_(1, self.age, torch.stack((self.reward * counted, counted.float())))
        self.age += 1

    def finish(self, env_ids):
        self.age[env_ids] = 0
        return self.reward[env_ids].double()

    def profile(self) -> EpisodeCurve:
        sums, counts = self.total
        return EpisodeCurve(
            "time, steps", [float(i) for i in range(LIMIT)], (sums / counts).tolist(), counts.long().tolist()
        )


@pytest.mark.parametrize("num_envs", [1, 8, 64])
def test_a_profile_has_the_steps_of_the_episodes_that_count_and_no_others(num_envs):
    result = run_zero(make_fake(num_envs), episodes=40, metrics={"reward": RewardOverTime()})
    lengths = [row["length"] for row in result.rows]
    assert result.curves["reward"].counts == [sum(length > place for length in lengths) for place in range(LIMIT)]


def test_a_profile_is_written_with_its_unit_and_without_nan():
    env = make_fake(8)
    document = build_report(run_zero(env, episodes=10, metrics={"reward": RewardOverTime()}), subject_of(env))
    check_schema(document)
    assert document.profiles["reward"].unit == "" and document.profiles["reward"].axis == "time, steps"
    made = EpisodeCurve("x", [0.0, 1.0], [math.nan, 2.0], [0, 1]).to_record("m")
    assert made.means == [None, 2.0]
