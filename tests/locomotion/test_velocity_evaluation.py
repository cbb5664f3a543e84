"""What episodes of an evaluation ask of a robot, without a simulator."""

from __future__ import annotations

from collections import Counter

import pytest

from genelab.plugins.tasks import load_task
from genelab.utils.strata import bin_counts, bin_labels, bins_of

DIRECTIONS = ("forward", "backward", "left", "right", "turn_left", "turn_right", "stand", "full")


def task(name: str, **overrides: str):
    return load_task(f"Genelab-Velocity-{name}-v0", overrides=[(f"env.{k}", v) for k, v in overrides.items()]).cfg


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Flat-Unitree-Go1", ()),
        ("Flat-Unitree-Go2W", ()),
        ("Flat-Unitree-Go2W-CrabStage1", ()),
        ("Flat-Unitree-G1", ("run",)),
        ("Rough-Unitree-Go1", ()),
        ("Rough-Unitree-G1", ()),
    ],
)
def test_evaluation_asks_for_every_direction_and_training_does_not_know(name, more):
    cfg = task(name)
    assert cfg.eval_env.strata["direction"] == (*DIRECTIONS, *more)
    assert not cfg.env.strata and cfg.env.commands["twist"].stratum is None


@pytest.mark.parametrize("name", ["Flat-Unitree-Go1", "Flat-Unitree-G1", "Flat-Unitree-Go2W"])
def test_left_and_right_ask_for_the_mirror_of_one_another(name):
    bins = task(name).eval_env.commands["twist"].bins
    for left, right, axis in (("left", "right", "lin_vel_y"), ("turn_left", "turn_right", "ang_vel_z")):
        low, high = getattr(bins[left], axis)
        assert 0.0 < low < high
        assert getattr(bins[right], axis) == (-high, -low)


def test_directions_follow_an_override_of_the_command():
    ranges = {"commands.twist.lin_vel_x": "0,3", "commands.twist.lin_vel_y": "0,0"}
    bins = task("Flat-Unitree-Go1", **ranges).eval_env.commands["twist"].bins
    assert bins["forward"].lin_vel_x == (1.5, 3.0)
    assert set(DIRECTIONS) - set(bins) == {"backward", "left", "right"}
    assert bins["full"].lin_vel_x == (0.0, 3.0)


def test_the_humanoid_is_asked_to_run_as_fast_as_its_training_ends():
    cfg = task("Flat-Unitree-G1")
    fastest = cfg.env.curriculum["commands_vel"].params["stages"][-1]["lin_vel_x"][1]
    assert cfg.eval_env.commands["twist"].bins["run"].lin_vel_x == (1.5, fastest)


def test_rough_ground_is_evaluated_by_level_and_kind_in_episodes_that_end_before_the_edge():
    env = task("Rough-Unitree-Go1").eval_env
    assert env.strata["terrain_level"] == env.scene.terrain.levels
    assert set(env.strata["terrain_column"]) == set(env.scene.terrain.cells)
    terrain, command = env.scene.terrain, env.commands["twist"]
    fastest = max((x**2 + y**2) ** 0.5 for x in command.lin_vel_x for y in command.lin_vel_y)
    spread = max(env.events["reset_base"].params["pose"]["x"])
    assert fastest * env.episode_length_s + spread < terrain.cell_size / 2 + terrain.border


def test_a_hundred_episodes_on_rough_ground_meet_all_levels_and_grounds_and_directions():
    strata = task("Rough-Unitree-Go1").eval_env.strata
    met = [bins_of(i, bin_counts(strata)) for i in range(100)]
    for name, bins in strata.items():
        times = Counter(bin_labels(bins)[found[name]] for found in met)
        assert set(times) == set(bin_labels(bins)) and min(times.values()) >= 8
