"""The reward manager: weights, sums, what is not finite, resets and states."""

from __future__ import annotations

import pytest
import torch
from stub_env import Count, StubEnv, mask, value, weights

from genelab.config import RewardTermCfg
from genelab.managers.reward_manager import RewardManager
from genelab.utils.errors import GenelabError, UsageError


def make(env: StubEnv, scale: float = 0.02, **terms: RewardTermCfg) -> RewardManager:
    return RewardManager(terms, env, scale=scale, episode_length_s=0.1)  # pyright: ignore[reportArgumentType]


def row(weight: float, name: str = "x") -> RewardTermCfg:
    return RewardTermCfg(func=value, params={"name": name}, weight=weight)


@pytest.fixture
def env() -> StubEnv:
    env = StubEnv(3)
    env.set("x", 1.0, 2.0, 3.0)
    env.set("y", 10.0, 0.0, -10.0)
    return env


def test_the_reward_is_the_sum_of_weight_times_value_times_control_step(env: StubEnv) -> None:
    manager = make(env, x=row(2.0), y=row(-0.5, "y"))
    torch.testing.assert_close(manager.compute(), torch.tensor([-0.06, 0.08, 0.22]))
    torch.testing.assert_close(manager.values, torch.tensor([[0.04, 0.08, 0.12], [-0.1, 0.0, 0.1]]))
    assert make(env, scale=1.0, x=row(2.0)).compute().tolist() == [2.0, 4.0, 6.0]


def test_the_log_is_the_mean_of_the_sums_of_those_that_end_over_the_time_limit(env: StubEnv) -> None:
    manager, done = make(env, x=row(2.0), y=row(1.0, "y")), mask(True, False, True)
    manager.compute()
    manager.compute()
    log = manager.reset(done, weights(done))
    assert set(log) == {"Episode_Reward/x", "Episode_Reward/y"}
    assert log["Episode_Reward/x"].item() == pytest.approx(2 * 0.08 / 0.1)  # mean of 0.04 and 0.12, two steps
    assert log["Episode_Reward/y"].item() == pytest.approx(0.0)


def test_a_partial_reset_leaves_the_others_sums_and_terms_as_they_are(env: StubEnv) -> None:
    manager = make(env, count=RewardTermCfg(func=Count, params={"step": 2.0}, weight=1.0))
    manager.compute()
    manager.reset(mask(False, True, False), weights(mask(False, True, False)))
    assert manager.episode_sums.tolist() == [[pytest.approx(0.04), 0.0, pytest.approx(0.04)]]
    torch.testing.assert_close(manager.compute(), torch.tensor([0.08, 0.04, 0.08]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_term_that_is_not_finite_makes_the_reward_of_its_env_so_and_of_no_other(env: StubEnv, bad: float) -> None:
    env.set("y", 0.0, bad, 0.0)
    reward = make(env, x=row(1.0), y=row(1.0, "y")).compute()
    assert torch.isfinite(reward).tolist() == [True, False, True]


def test_a_term_of_weight_zero_is_not_computed_until_a_curriculum_gives_it_one(env: StubEnv) -> None:
    manager = make(env, x=row(1.0), later=row(0.0, "nothing there"))
    assert manager.compute().tolist() == pytest.approx([0.02, 0.04, 0.06])
    env.set("nothing there", 1.0, 1.0, 1.0)
    manager.set_weight("later", 5.0)
    assert manager.compute().tolist() == pytest.approx([0.12, 0.14, 0.16])
    with pytest.raises(UsageError, match="unknown reward term 'latter'"):
        manager.set_weight("latter", 1.0)


def test_a_saved_state_brings_back_weights_sums_and_terms(env: StubEnv) -> None:
    terms = {"x": row(1.0), "count": RewardTermCfg(func=Count, weight=1.0)}
    manager, again = make(env, **terms), make(env, **terms)
    manager.set_weight("x", 3.0)
    manager.compute()
    state = manager.state_dict()
    expected = manager.compute()
    again.load_state_dict(state)
    assert torch.equal(again.compute(), expected) and torch.equal(again.episode_sums, manager.episode_sums)


def test_the_reward_of_an_env_does_not_depend_on_how_many_run_beside_it() -> None:
    few, many = StubEnv(2), StubEnv(1500)
    rows = {str(i): torch.randn(1500, generator=torch.Generator().manual_seed(i)) for i in range(9)}
    few.values, many.values = {name: values[:2] for name, values in rows.items()}, rows
    terms = {name: row(0.3, name) for name in rows}
    assert torch.equal(make(few, **terms).compute(), make(many, **terms).compute()[:2])


def test_a_wrong_shape_or_parameter_names_the_term(env: StubEnv) -> None:
    env.set("y", [1.0], [2.0], [3.0])
    with pytest.raises(GenelabError, match=r"reward term 'y' returned shape \(3, 1\)"):
        make(env, x=row(1.0), y=row(1.0, "y")).compute()
    with pytest.raises(UsageError, match="term 'x'") as caught:
        make(env, x=RewardTermCfg(func=value, params={"nmae": "x"}, weight=1.0))
    assert (caught.value.where, caught.value.fix) == ("rewards.x.params", "value takes name")
