"""The termination manager: ends for good and time-outs apart, the log, resets and states."""

from __future__ import annotations

import pytest
import torch
from stub_env import Count, StubEnv, mask, value, weights

from genelab.config import TerminationTermCfg
from genelab.managers.termination_manager import TerminationManager


class Patience(Count):
    """Ends an episode in its third step."""

    def __call__(self, env: StubEnv) -> torch.Tensor:
        return super().__call__(env) >= 3.0


def make(env: StubEnv, **more: TerminationTermCfg) -> TerminationManager:
    terms = {
        "fell": TerminationTermCfg(func=value, params={"name": "fell"}),
        "hit": TerminationTermCfg(func=value, params={"name": "hit"}),
        "late": TerminationTermCfg(func=value, params={"name": "late"}, time_out=True),
        **more,
    }
    return TerminationManager(terms, env)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def env() -> StubEnv:
    env = StubEnv(4)
    env.set("fell", True, False, False, False)
    env.set("hit", True, True, False, False)
    env.set("late", False, True, True, False)
    return env


def test_terms_with_time_out_truncate_and_the_others_terminate_and_both_may_be_true(env: StubEnv) -> None:
    manager = make(env)
    manager.compute()
    assert manager.terminated.tolist() == [True, True, False, False]
    assert manager.truncated.tolist() == [False, True, True, False]
    assert {name: values.tolist() for name, values in manager.by_name().items()} == {
        name: values.tolist() for name, values in env.values.items()
    }
    assert {name: entry["time_out"] for name, entry in manager.describe().items()} == {
        "fell": False,
        "hit": False,
        "late": True,
    }


def test_what_ended_before_does_not_end_the_next_step(env: StubEnv) -> None:
    manager = make(env)
    manager.compute()
    for name in env.values:
        env.set(name, *[False] * 4)
    manager.compute()
    assert not manager.terminated.any() and not manager.truncated.any()


def test_the_log_is_each_terms_share_of_the_envs_that_are_reset(env: StubEnv) -> None:
    manager, done = make(env), mask(True, True, True, False)
    manager.compute()
    log = {name: round(share.item(), 4) for name, share in manager.reset(done, weights(done)).items()}
    assert log == {
        "Episode_Termination/fell": 0.3333,
        "Episode_Termination/hit": 0.6667,
        "Episode_Termination/late": 0.6667,
    }


def test_no_term_ends_no_episode_and_logs_nothing(env: StubEnv) -> None:
    manager = TerminationManager({}, env)  # pyright: ignore[reportArgumentType]
    manager.compute()
    assert not manager.terminated.any() and not manager.truncated.any()
    assert manager.reset(mask(*[True] * 4), torch.ones(4)) == {}


def test_a_partial_reset_leaves_the_others_terms_as_they_are_and_a_state_brings_them_back(env: StubEnv) -> None:
    patience = TerminationTermCfg(func=Patience)
    manager, again = make(env, patience=patience), make(env, patience=patience)
    manager.compute()
    manager.compute()
    manager.reset(mask(True, False, False, False), torch.zeros(4))
    again.load_state_dict(manager.state_dict())
    for one in (manager, again):
        one.compute()
        assert one.by_name()["patience"].tolist() == [False, True, True, True]
