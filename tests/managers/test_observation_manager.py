"""The observation manager: noise, then scale, then clip; latency, history, shared terms, resets and states."""

from __future__ import annotations

import pytest
import torch
from stub_env import Count, StubEnv, mask, value

from genelab.config import ObservationGroupCfg, ObservationTermCfg
from genelab.config.noise import GaussianNoise, UniformNoise
from genelab.managers.observation_manager import ObservationManager
from genelab.utils.errors import GenelabError, UsageError

NONE, FIRST = mask(False, False, False), mask(True, False, False)


def make(env: StubEnv, terms: dict[str, ObservationTermCfg], **group) -> ObservationManager:
    return ObservationManager({"policy": ObservationGroupCfg(terms=terms, **group)}, env)  # pyright: ignore[reportArgumentType]


def row(name: str = "x", **fields) -> ObservationTermCfg:
    return ObservationTermCfg(func=value, params={"name": name}, **fields)


def raw(manager: ObservationManager, **options) -> torch.Tensor:
    return manager.compute(**options)["policy"]


@pytest.fixture
def env() -> StubEnv:
    env = StubEnv(3)
    env.set("x", 1.0, 2.0, 3.0)
    env.set("y", [10.0, 20.0], [30.0, 40.0], [50.0, 60.0])
    return env


def seen(env: StubEnv, manager: ObservationManager, steps: int) -> list[torch.Tensor]:
    """Return raw observations of some steps in which x is 1, 2, 3 in the first, 11, 12, 13 in the second, …"""
    observed = []
    for step in range(steps):
        env.set("x", *(10.0 * step + slot for slot in (1.0, 2.0, 3.0)))
        env.next_step()
        observed.append(raw(manager))
    return observed


def test_terms_stand_side_by_side_in_their_order_scaled_and_then_clipped(env: StubEnv) -> None:
    manager = make(env, {"y": row("y", scale=(1.0, 0.1), clip=(-15.0, 35.0)), "x": row(scale=-2.0)})
    before = manager.compute()
    assert before["policy"].tolist() == [[10.0, 20.0, 1.0], [30.0, 40.0, 2.0], [50.0, 60.0, 3.0]]
    assert manager.scale(before)["policy"].tolist() == [[10.0, 2.0, -2.0], [30.0, 4.0, -4.0], [35.0, 6.0, -6.0]]
    assert manager.layout.groups["policy"].dim == 3


def test_noise_comes_before_scale_and_clip_and_only_with_corrupt(env: StubEnv) -> None:
    terms = {"x": row(scale=10.0, clip=(0.0, 25.0), noise=UniformNoise(low=0.5, high=0.5 + 1e-6)), "y": row("y")}
    noisy, quiet = make(env, terms, corrupt=True), make(env, terms)
    torch.testing.assert_close(raw(noisy)[:, 0], torch.tensor([1.5, 2.5, 3.5]))
    torch.testing.assert_close(noisy.scale(noisy.compute())["policy"][:, 0], torch.tensor([15.0, 25.0, 25.0]))
    assert raw(noisy)[:, 1:].tolist() == env.values["y"].tolist()
    assert raw(quiet)[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_noise_has_the_distribution_asked_for_and_is_another_in_each_step_and_env() -> None:
    env = StubEnv(4000)
    env.values = {"x": torch.zeros(4000), "y": torch.zeros(4000)}
    terms = {"x": row(noise=UniformNoise(low=-1.0, high=3.0)), "y": row("y", noise=GaussianNoise(std=2.0, mean=5.0))}
    manager = make(env, terms, corrupt=True)
    first = raw(manager)
    env.next_step()
    assert not torch.isclose(first, raw(manager)).all(dim=1).any()
    assert first[:, 0].min() >= -1.0 and first[:, 0].max() < 3.0
    assert first.mean(dim=0).tolist() == pytest.approx([1.0, 5.0], abs=0.15)
    assert first.std(dim=0).tolist() == pytest.approx([4 / 12**0.5, 2.0], abs=0.1)


def test_a_second_look_at_a_step_has_the_noise_of_the_first(env: StubEnv) -> None:
    manager = make(env, {"x": row(noise=GaussianNoise(std=1.0))}, corrupt=True, history_length=2)
    seen(env, manager, 2)
    first = raw(manager, advance=False)
    env.set("x", 5.0, 12.0, 13.0)
    second = raw(manager, advance=False, reset=NONE)
    assert torch.equal(first[1:], second[1:]) and torch.equal(first[:, 0], second[:, 0])
    assert second[0, 1] - first[0, 1] == pytest.approx(5.0 - 11.0)


def test_a_history_holds_the_last_frames_oldest_first_and_starts_anew_for_a_reset_env(env: StubEnv) -> None:
    manager = make(env, {"x": row()}, history_length=3)
    assert seen(env, manager, 4)[-1].tolist() == [[11.0, 21.0, 31.0], [12.0, 22.0, 32.0], [13.0, 23.0, 33.0]]
    env.set("x", -1.0, -2.0, -3.0)
    after = raw(manager, advance=False, reset=FIRST)
    assert after.tolist() == [[-1.0, -1.0, -1.0], [12.0, 22.0, -2.0], [13.0, 23.0, -3.0]]


def test_latency_shows_a_value_as_it_was_some_steps_ago(env: StubEnv) -> None:
    manager = make(env, {"x": row(latency=(2, 2))})
    manager.reset(~NONE)
    start = raw(manager, reset=~NONE)
    assert start[:, 0].tolist() == [1.0, 2.0, 3.0]
    shown = [observed[0, 0].item() for observed in seen(env, manager, 5)]
    assert shown == [1.0, 1.0, 1.0, 11.0, 21.0]
    env.set("x", -1.0, -2.0, -3.0)
    manager.reset(FIRST)
    assert raw(manager, advance=False, reset=FIRST)[:, 0].tolist() == [-1.0, 22.0, 23.0]


def test_latency_is_drawn_per_env_within_its_range(env: StubEnv) -> None:
    env = StubEnv(64)
    env.values["x"] = torch.zeros(64)
    manager = make(env, {"x": row(latency=(1, 3))})
    manager.reset(torch.ones(64, dtype=torch.bool))
    (delay,) = manager.delays().values()
    assert delay.name == "policy/x" and sorted(delay.lag.unique().tolist()) == [1, 2, 3]


def test_a_term_that_two_groups_share_is_computed_once(env: StubEnv) -> None:
    count = ObservationTermCfg(func=Count, params={"step": 1.0}, scale=3.0)
    groups = {name: ObservationGroupCfg(terms={"count": count}) for name in ("policy", "critic")}
    manager = ObservationManager(groups, env)  # pyright: ignore[reportArgumentType]
    first = manager.compute()
    second = manager.compute()
    assert torch.equal(first["policy"], first["critic"])
    assert (second["critic"] - first["critic"]).flatten().tolist() == [1.0, 1.0, 1.0]
    assert make(env, {"count": count, "other": ObservationTermCfg(func=Count)}).layout.groups["policy"].dim == 2


def test_a_partial_reset_leaves_the_others_terms_as_they_are(env: StubEnv) -> None:
    manager = make(env, {"count": ObservationTermCfg(func=Count)})
    before = raw(manager)
    manager.reset(FIRST)
    assert raw(manager)[:, 0].tolist() == [1.0, *(before[1:, 0] + 1.0).tolist()]


def test_a_saved_state_brings_back_history_delays_and_terms(env: StubEnv) -> None:
    group = {"x": row(latency=(1, 1)), "count": ObservationTermCfg(func=Count)}
    same_name = {"count": ObservationTermCfg(func=Count, params={"step": 5.0})}
    groups = {
        "policy": ObservationGroupCfg(terms=group, history_length=2),
        "critic": ObservationGroupCfg(terms=same_name),
    }
    manager, again = ObservationManager(groups, env), ObservationManager(groups, env)  # pyright: ignore[reportArgumentType]
    seen(env, manager, 3)
    again.load_state_dict(manager.state_dict())
    env.set("x", 7.0, 8.0, 9.0)
    ours, theirs = manager.compute(), again.compute()
    assert theirs.keys() == ours.keys() and all(torch.equal(theirs[name], ours[name]) for name in ours)


def test_a_wrong_shape_scale_or_empty_group_is_named(env: StubEnv) -> None:
    env.set("z", 1.0, 2.0)
    with pytest.raises(GenelabError, match=r"observation term 'z' returned shape \(2,\)"):
        make(env, {"z": row("z")})
    with pytest.raises(UsageError, match="scale has 3 factors for 2 elements") as caught:
        make(env, {"y": row("y", scale=(1.0, 1.0, 1.0))})
    assert caught.value.where == "observations.policy.terms.y"
    with pytest.raises(UsageError, match="'policy' has no term"):
        make(env, {})
