"""The command manager: goals drawn at resets and when their time is up, held goals, and states."""

from __future__ import annotations

import pytest
import torch
from stub_env import StubEnv, mask

from genelab.config import CommandTermCfg, configclass
from genelab.managers.command_manager import CommandManager
from genelab.mdp import UniformCommandCfg
from genelab.utils.errors import GenelabError, UsageError

EVERYONE = mask(*[True] * 4)


def make(env: StubEnv, resampling_s: tuple[float, float] = (0.05, 0.05)) -> CommandManager:
    goal = UniformCommandCfg(low=(-1.0, 2.0), high=(1.0, 3.0), resampling_s=resampling_s)
    other = UniformCommandCfg(low=(0.0,), high=(1.0,), resampling_s=(9.0, 9.0))
    manager = CommandManager({"goal": goal, "other": other}, env)  # pyright: ignore[reportArgumentType]
    manager.reset(EVERYONE)
    return manager


def steps(env: StubEnv, manager: CommandManager, count: int) -> list[torch.Tensor]:
    """Return the goal after each of some control steps of 0.02 s."""
    goals = []
    for _ in range(count):
        env.next_step()
        manager.compute(env.step_dt)
        goals.append(manager.get("goal").clone())
    return goals


def test_a_config_that_builds_something_else_is_named() -> None:
    @configclass
    class Odd(CommandTermCfg):
        def build(self, env: object) -> object:
            return "no term"

    with pytest.raises(GenelabError, match=r"Odd\.build\(\) returned str, not a CommandTerm"):
        CommandManager({"odd": Odd()}, StubEnv(4))  # pyright: ignore[reportArgumentType]


def test_each_env_draws_a_goal_of_its_own_within_the_bounds() -> None:
    goal = make(StubEnv(4)).get("goal")
    assert goal.shape == (4, 2) and len(goal.unique(dim=0)) == 4
    assert (goal[:, 0].abs() <= 1.0).all() and ((goal[:, 1] >= 2.0) & (goal[:, 1] < 3.0)).all()


def test_a_goal_stays_until_its_time_is_up_and_the_other_command_has_a_time_of_its_own() -> None:
    env = StubEnv(4)
    manager = make(env)
    first, other = manager.get("goal").clone(), manager.get("other").clone()
    goals = steps(env, manager, 6)  # 0.05 s are over in the third step
    assert torch.equal(goals[0], first) and torch.equal(goals[1], first)
    assert not torch.isclose(goals[2], first).any()
    assert torch.equal(goals[4], goals[2]) and not torch.isclose(goals[5], goals[4]).any()
    assert torch.equal(manager.get("other"), other)


def test_times_are_drawn_per_env_within_their_range() -> None:
    env = StubEnv(4)
    manager = make(env, resampling_s=(0.05, 0.3))
    goals = torch.stack([manager.get("goal").clone(), *steps(env, manager, 16)])
    first_change = (goals != goals[0]).any(dim=2).int().argmax(dim=0)
    assert len(first_change.unique()) > 1
    assert first_change.min() >= 3 and first_change.max() <= 15


def test_a_partial_reset_draws_for_its_envs_only_and_restarts_only_their_time() -> None:
    env = StubEnv(4)
    manager, some = make(env), mask(False, True, False, True)
    before = steps(env, manager, 2)[-1]
    env.next_step()
    manager.reset(some)
    after = manager.get("goal").clone()
    assert torch.equal(after[~some], before[~some]) and not torch.isclose(after[some], before[some]).any()
    manager.compute(env.step_dt)
    assert torch.equal(manager.get("goal")[some], after[some])
    assert not torch.isclose(manager.get("goal")[~some], after[~some]).any()


def test_a_held_goal_is_that_of_all_envs_until_it_is_let_go() -> None:
    env = StubEnv(4)
    manager = make(env)
    manager.terms["goal"].hold(torch.tensor([0.5, 7.0]))
    assert all(torch.equal(goal, torch.tensor([[0.5, 7.0]] * 4)) for goal in steps(env, manager, 4))
    manager.reset(EVERYONE)
    assert torch.equal(manager.get("goal"), torch.tensor([[0.5, 7.0]] * 4))
    manager.terms["goal"].hold(None)
    assert (steps(env, manager, 3)[-1][:, 1] < 3.0).all()


def test_a_saved_state_brings_back_goals_and_times() -> None:
    env, other = StubEnv(4), StubEnv(4)
    manager, again = make(env), make(other)
    steps(env, manager, 2)
    again.load_state_dict(manager.state_dict())
    other.random.load_state_dict(env.random.state_dict())
    for ours, theirs in zip(steps(env, manager, 4), steps(other, again, 4), strict=True):
        assert torch.equal(ours, theirs)


def test_an_unknown_command_is_answered_with_the_nearest_and_all_are_described() -> None:
    manager = make(StubEnv(4))
    with pytest.raises(UsageError, match=r"unknown command 'gaol'(.|\n)*goal"):
        manager.get("gaol")
    described = manager.describe()
    assert {name: entry["dim"] for name, entry in described.items()} == {"goal": 2, "other": 1}
    assert (manager.active_terms, described["goal"]["low"]) == (["goal", "other"], [-1.0, 2.0])
