"""The fake environment keeps the contract and its promises."""

import pytest
import torch

from genelab.testing import FakeVecEnv


def rollout(env: FakeVecEnv, steps: int) -> list[torch.Tensor]:
    seen = []
    for _ in range(steps):
        observations, reward, terminated, truncated, _ = env.step(env.perfect_action() * 0.5)
        seen += [*observations.values(), reward, terminated, truncated]
    return seen


def test_without_action_cost_an_episode_returns_its_length() -> None:
    env = FakeVecEnv(8, success_probability=1.0, action_cost=0.0, max_episode_length=30)
    env.reset(seed=0)
    total = torch.stack([env.step(torch.randn(8, 2))[1] for _ in range(30)]).sum(dim=0)
    assert torch.equal(total, torch.full((8,), 30.0))


def test_a_perfect_policy_beats_a_lazy_one() -> None:
    env = FakeVecEnv(64, max_episode_length=50)
    env.reset(seed=0)
    perfect = env.step(env.perfect_action())[1].mean()
    lazy = env.step(torch.zeros(64, 2))[1].mean()
    assert perfect == pytest.approx(1.0)
    assert lazy == pytest.approx(1 - 1 / 3, abs=0.15)


def test_failures_come_as_often_and_as_early_as_asked() -> None:
    env = FakeVecEnv(4000, success_probability=0.8, failure_steps=(5, 10), max_episode_length=20)
    env.reset(seed=3)
    failed_at = torch.zeros(4000)
    for step in range(1, 11):
        terminated = env.step(torch.zeros(4000, 2))[2]
        failed_at[terminated & (failed_at == 0)] = step
    failures = failed_at[failed_at > 0]
    assert (failures.min(), failures.max()) == (5, 10)
    assert len(failures) / 4000 == pytest.approx(0.2, abs=0.03)


def test_success_is_reported_in_the_last_step_of_the_episodes_that_survive() -> None:
    env = FakeVecEnv(500, success_probability=0.6, failure_steps=(2, 4), max_episode_length=5)
    env.reset(seed=1)
    for _ in range(4):
        *_, extras = env.step(torch.zeros(500, 2))
        assert not extras["is_success"].any()
    *_, truncated, extras = env.step(torch.zeros(500, 2))
    assert torch.equal(extras["is_success"], truncated)
    assert extras["is_success"].float().mean() == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("num_envs", [1, 8, 64])
def test_an_evaluation_episode_is_the_same_for_any_number_of_envs(num_envs: int) -> None:
    def starts(count: int) -> dict[int, str]:
        env = FakeVecEnv(count, failure_steps=(2, 6), max_episode_length=8)
        _, extras = env.reset(seed=5, options={"evaluation": True})
        found = dict(enumerate(extras["init_hash"]))
        while len(found) < 100:
            *_, extras = env.step(torch.zeros(count, 2))
            for slot, value in extras["init_hash"].items():
                found[int(env.episode_index[slot])] = value
        return found

    expected, found = starts(100), starts(num_envs)
    common = expected.keys() & found.keys()
    assert len(common) >= 90
    assert {i: found[i] for i in common} == {i: expected[i] for i in common}
    assert len(set(expected.values())) == len(expected)


def test_raw_observations_become_the_others_by_scale_and_clip() -> None:
    env = FakeVecEnv(16, history_length=3, max_episode_length=40)
    env.reset(seed=0)
    rollout(env, 7)
    scaled = env.get_observations()["policy"]
    env.raw_observations = True
    raw = env.get_observations()["policy"]
    layout = env.observation_layout.groups["policy"]
    expected = raw * torch.tensor(layout.scale())
    for column, limits in enumerate(layout.clip()):
        if limits is not None:
            expected[:, column].clamp_(*limits)
    assert torch.equal(scaled, expected)
    assert not torch.allclose(scaled, raw)
    assert raw.shape == (16, layout.dim)


def test_the_terminal_observation_is_the_one_before_the_reset() -> None:
    env = FakeVecEnv(4, success_probability=1.0, max_episode_length=6)
    env.raw_observations = True
    env.reset(seed=0)
    for _ in range(5):
        *_, extras = env.step(torch.zeros(4, 2))
        assert "final_obs" not in extras
    goal = env.perfect_action()
    observations, *_, extras = env.step(torch.zeros(4, 2))
    assert torch.equal(extras["final_obs"]["policy"][:, :2], 10 * goal)
    assert torch.equal(extras["final_obs"]["policy"][:, 2], torch.full((4,), 6.0))
    assert torch.equal(observations["policy"][:, 2], torch.zeros(4))


def test_a_restored_state_repeats_the_future_bit_by_bit() -> None:
    env = FakeVecEnv(8, failure_steps=(2, 5), max_episode_length=9, history_length=2)
    env.reset(seed=2)
    rollout(env, 4)
    state = env.state_dict()
    first = rollout(env, 20)
    env.load_state_dict(state)
    assert all(torch.equal(a, b) for a, b in zip(first, rollout(env, 20), strict=True))


def test_a_cue_disappears_after_its_steps() -> None:
    env = FakeVecEnv(3, cue_steps=2, max_episode_length=10, success_probability=1.0)
    env.reset(seed=0)
    assert env.get_observations()["policy"][:, :2].abs().sum() > 0
    rollout(env, 2)
    assert env.get_observations()["policy"][:, :2].abs().sum() == 0


def test_chosen_episodes_end_with_a_nan_reset() -> None:
    env = FakeVecEnv(4, nan_episodes=(2,), max_episode_length=10, success_probability=1.0)
    env.reset(seed=0, options={"evaluation": True})
    for _ in range(2):
        env.step(torch.zeros(4, 2))
    _, reward, terminated, _, extras = env.step(torch.zeros(4, 2))
    assert extras["nan_reset"].tolist() == terminated.tolist() == reward.isnan().tolist() == [False, False, True, False]
