"""Which episodes count, and that nothing is lost or made up."""

from __future__ import annotations

import math

import pytest
import torch
from scored import LIMIT, check_schema, make_fake, perfect, run_zero, subject_of, zeros

from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.eval.protocol import EvalIncomplete, evaluate_policy
from genelab.eval.report import build_report
from genelab.rl.policy import CallablePolicy, RandomPolicy, ZeroPolicy
from genelab.utils.errors import GenelabError, UsageError

TRUE_RATE = 0.8


SEEDS, EPISODES = range(4), 100


def standard_errors_off(successes: int) -> float:
    episodes = len(SEEDS) * EPISODES
    return abs(successes / episodes - TRUE_RATE) / math.sqrt(TRUE_RATE * (1 - TRUE_RATE) / episodes)


def by_quota(num_envs: int, seed: int) -> int:
    env = make_fake(num_envs, success_probability=TRUE_RATE)
    return sum(row["success_at_end"] for row in run_zero(env, EPISODES, seed=seed).rows)


def first_finished(num_envs: int, seed: int) -> int:
    """Count successes among the first episodes that finish, as a naive evaluator does."""
    env, outcomes = make_fake(num_envs, success_probability=TRUE_RATE), []
    env.reset(seed=seed, options={"evaluation": True})
    while len(outcomes) < EPISODES:
        _, _, terminated, truncated, extras = env.step(torch.zeros(num_envs, 2))
        outcomes += extras["is_success"][terminated | truncated].tolist()
    return sum(outcomes[:EPISODES])


@pytest.mark.parametrize("num_envs", [1, 8, 64, 1024])
def test_the_quota_measures_the_true_success_rate(num_envs):
    assert standard_errors_off(sum(by_quota(num_envs, seed) for seed in SEEDS)) < 4


@pytest.mark.parametrize("num_envs", [64, 1024])
def test_a_first_finished_collector_fails_the_same_check(num_envs):
    assert standard_errors_off(sum(first_finished(num_envs, seed) for seed in SEEDS)) > 4


def test_rows_do_not_depend_on_the_number_of_envs():
    tables = []
    for num_envs in (1, 8, 64):
        result = run_zero(make_fake(num_envs), episodes=100)
        assert [row["slot"] for row in result.rows] == [row["i"] % num_envs for row in result.rows]
        tables.append([{key: value for key, value in row.items() if key != "slot"} for row in result.rows])
    assert tables[0] == tables[1] == tables[2]
    assert len({row["init_hash"] for row in tables[0]}) == 100


def test_the_rows_of_the_random_policy_do_not_depend_on_the_number_of_envs():
    returns = []
    for num_envs in (1, 7, 32):
        env = make_fake(num_envs, action_cost=0.3)
        result = evaluate_policy(env, RandomPolicy(2, seed=5), episodes=40, seed=0)
        returns.append([row["return"] for row in result.rows])
    assert returns[0] == pytest.approx(returns[1], abs=1e-5)
    assert returns[0] == pytest.approx(returns[2], abs=1e-5)
    assert len(set(returns[0])) == 40


def test_another_seed_gives_other_episodes():
    first, second = (run_zero(make_fake(8), seed=seed).rows for seed in (0, 1))
    assert not {row["init_hash"] for row in first} & {row["init_hash"] for row in second}


def test_returns_lengths_and_causes_are_the_known_ones():
    env = make_fake(8, action_cost=1.0)
    rows = evaluate_policy(env, perfect(env), episodes=40, seed=0).rows
    for row in rows:
        assert row["return"] == pytest.approx(row["length"])
        assert row["success_at_end"] == row["success_once"] == (row["length"] == LIMIT) == row["truncated"]
        assert row["end_cause"] == ("time_out" if row["truncated"] else "failed")
        assert row["first_success_step"] == (LIMIT if row["truncated"] else None)
        assert row["metrics"]["max_reward"] == pytest.approx(1.0)
    assert {row["end_cause"] for row in rows} == {"time_out", "failed"}


def test_more_envs_than_episodes_waste_steps_and_change_nothing():
    few = run_zero(make_fake(2), episodes=5)
    many = run_zero(make_fake(50), episodes=5)
    assert [row["return"] for row in few.rows] == [row["return"] for row in many.rows]
    assert many.wasted_step_fraction > 0.8
    counted = sum(row["length"] for row in few.rows)
    assert few.wasted_step_fraction == pytest.approx(1 - counted / (few.steps * 2))


def test_missing_episodes_are_an_error_with_a_partial_report():
    env = make_fake(4, success_probability=1.0)
    with pytest.raises(EvalIncomplete, match="only 4 of 12") as caught:
        run_zero(env, episodes=12, max_steps=LIMIT + 5)
    partial = build_report(caught.value.result, subject_of(env))
    assert caught.value.exit_code == 1
    assert [row["i"] for row in partial.episodes] == [0, 1, 2, 3]
    assert "incomplete" in {warning["code"] for warning in partial.warnings}
    check_schema(partial)


def test_a_rollout_without_any_finished_episode_still_gives_a_valid_partial_report():
    env = make_fake(4, success_probability=1.0)
    with pytest.raises(EvalIncomplete) as caught:
        run_zero(env, max_steps=3)
    partial = build_report(caught.value.result, subject_of(env))
    assert partial.episodes == [] and partial.metrics["return_mean"] is None
    check_schema(partial)


def test_a_return_that_is_not_finite_is_null_and_counted():
    env = make_fake(8, nan_episodes=(3, 17), success_probability=1.0)
    result = run_zero(env)
    broken = [row for row in result.rows if row["return"] is None]
    assert [row["i"] for row in broken] == [3, 17]
    assert all(row["nan_reset"] and row["end_cause"] == "nan_reset" and row["length"] == 3 for row in broken)
    document = build_report(result, subject_of(env))
    assert document.aggregates.return_.n == 38 and document.num_episodes == 40
    assert {"non_finite_return", "nan_reset"} <= {warning["code"] for warning in document.warnings}
    check_schema(document)


def test_an_episode_that_broke_has_no_return_even_if_its_rewards_are_finite():
    env = make_fake(8, nan_episodes=(3,), success_probability=1.0)
    env.step_observers.append(lambda step: step.reward.nan_to_num_(0.0))
    row = run_zero(env).rows[3]
    assert row["nan_reset"] and row["return"] is None
    assert row["success_at_end"] is row["success_once"] is False


def test_a_task_without_success_reports_null():
    env = make_fake(8, success_probability=None)
    document = build_report(run_zero(env), subject_of(env))
    assert document.metrics["success_rate"] is None
    assert document.aggregates.success_at_end is None and document.aggregates.headline == "return"
    check_schema(document)


@pytest.mark.parametrize("episodes", [0, -1])
def test_less_than_one_episode_is_a_usage_error(episodes):
    with pytest.raises(UsageError, match="episodes"):
        run_zero(make_fake(2), episodes=episodes)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda observations: zeros(observations) * torch.nan, "finite"),
        (lambda observations: zeros(observations)[:, :1], "shape"),
    ],
)
def test_a_broken_policy_is_an_error(broken, message):
    with pytest.raises(GenelabError, match=message):
        evaluate_policy(make_fake(4), CallablePolicy(broken, 2), episodes=4, seed=0)


def test_policies_get_raw_observations_and_the_environment_gets_its_setting_back():
    env, seen = make_fake(4), []

    def look(observations):
        seen.append(observations["policy"][:, :2] / 10.0 - env.perfect_action())
        return zeros(observations)

    evaluate_policy(env, CallablePolicy(look, 2), episodes=4, seed=0)
    assert max(float(error.abs().max()) for error in seen) < 1e-5
    assert env.raw_observations is False and env.step_observers == []


def test_the_environment_gets_its_setting_back_after_an_error():
    env = make_fake(4)
    with pytest.raises(GenelabError):
        evaluate_policy(env, CallablePolicy(lambda observations: zeros(observations)[:, :1], 2), episodes=4, seed=0)
    assert env.raw_observations is False and env.step_observers == []


def test_hidden_states_are_forgotten_for_finished_slots_only():
    class Remembering(ZeroPolicy):
        recurrent = True

        def __init__(self):
            super().__init__(2)
            self.resets = []

        def reset(self, done=None):
            self.resets.append(done)

    env, policy = make_fake(8), Remembering()
    ends = []
    env.step_observers.append(lambda step: ends.append(step.terminated | step.truncated))
    evaluate_policy(env, policy, episodes=24, seed=0)
    assert policy.resets[0] is None
    finished = [end for end in ends if end.any()]
    assert len(finished) == len(policy.resets) - 1
    assert all(torch.equal(end, done) for end, done in zip(finished, policy.resets[1:], strict=True))


class LastProgress(EvalMetric):
    """What the environment's step counter says in the last step of an episode."""

    def start(self, env):
        self.env = env
        self.last = torch.zeros(env.num_envs)

    def update(self, step):
        self.last = step.env.episode_length_buf.clone().float()

    def finish(self, env_ids):
        return self.last[env_ids]


class NeverApplies(LastProgress):
    def start(self, env):
        raise NotApplicable


def test_metrics_see_the_terminal_state_and_those_that_do_not_apply_are_left_out():
    metrics = {"last_progress": LastProgress(), "never": NeverApplies()}
    result = run_zero(make_fake(8), metrics=metrics)
    assert result.metric_names == ["last_progress"]
    assert all(row["metrics"]["last_progress"] == row["length"] for row in result.rows)


def test_progress_is_reported():
    seen = []
    run_zero(make_fake(8), on_progress=lambda counted, episodes: seen.append((counted, episodes)))
    assert seen == sorted(seen) and seen[-1] == (40, 40)
