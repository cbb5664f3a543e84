"""Scenes that play themselves, without the simulator: the scripts, the recording, what is recognised."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genelab.mdp import JointTrajectoryActionCfg
from genelab.mdp.joint_trajectory import JointTrajectoryAction, read_joint_trajectory
from genelab.testing import TaskContract
from genelab.utils.errors import UsageError
from genelab_tasks_manipulation.playback import rubiks_terms
from genelab_tasks_manipulation.playback.record_gestures import joint_names
from genelab_tasks_manipulation.playback.rubiks_cubie import GRID, cubie_name
from genelab_tasks_manipulation.playback.rubiks_terms import script
from genelab_tasks_manipulation.playback.shadow_hand import gestures, shadow_hand_mjcf


class TestRubiks(TaskContract):
    task = "GeneLab-Rubiks-Play-v0"


class TestShadowHand(TaskContract):
    task = "GeneLab-Shadow-Hand-Playback-v0"


def is_solved(positions, quats) -> bool:
    bodies = {
        cubie_name(place): SimpleNamespace(root_pos=positions[None, index], root_quat=quats[None, index])
        for index, place in enumerate(GRID)
    }
    env = SimpleNamespace(scene=bodies, device=torch.device("cpu"), num_envs=1)
    return bool(rubiks_terms.solved(env)[0, 0])


def frames(moves: str):
    cfg = rubiks_terms.LayerTurnsCfg(moves=moves, steps_per_quarter=2, pause=1)
    positions, quats = script(cfg)
    half = (len(positions) - 1) // 2
    return (positions[0], quats[0]), (positions[half], quats[half]), (positions[-1], quats[-1])


@pytest.mark.parametrize("moves", ["R", "U2", "R U F' L2 D B' U2 R' F D'", "R L'"])
def test_a_scrambled_cube_is_not_solved_and_the_way_back_solves_it(moves):
    start, scrambled, end = frames(moves)
    assert is_solved(*start) and is_solved(*end)
    assert not is_solved(*scrambled)
    torch.testing.assert_close(start, end, atol=1e-5, rtol=0)


def test_turns_that_undo_each_other_and_a_spun_centre_are_recognised_as_solved():
    sexy_move = "R U R' U' "
    assert is_solved(*frames(sexy_move * 6)[1])
    assert not is_solved(*frames(sexy_move * 5)[1])
    _, (positions, quats), _ = frames("U R L U2 R' L' U R L U2 R' L'")  # turns the centre of U by a half, nothing else
    assert is_solved(positions, quats)
    assert not torch.allclose(quats[GRID.index((0, 0, 1))].abs(), torch.tensor([1.0, 0.0, 0.0, 0.0]), atol=1e-3)


def test_a_turn_keeps_the_small_cubes_in_the_grid():
    _, (positions, _), _ = frames("R U2 F'")
    places = ((positions - torch.tensor([0.0, 0.0, 0.25])) / 0.0515).round()
    assert {tuple(place) for place in places.int().tolist()} == set(GRID)


@pytest.mark.parametrize("word", ["X", "R3", "r"])
def test_a_word_that_is_no_turn_is_refused(word):
    with pytest.raises(UsageError, match="is no turn of a face"):
        rubiks_terms.parse_moves(f"R {word}")


def test_the_recording_fits_the_hand_and_its_limits():
    import mujoco

    model = mujoco.MjModel.from_xml_string(shadow_hand_mjcf())  # pyright: ignore[reportAttributeAccessIssue]
    ranges = {model.joint(index).name: model.joint(index).range for index in range(model.njnt)}
    names, positions, fps = read_joint_trajectory(Path(gestures()))
    assert set(names) == set(ranges) == set(joint_names()) and fps == 20
    for column, name in enumerate(names):
        low, high = ranges[name]
        assert (positions[:, column] >= low - 1e-6).all() and (positions[:, column] <= high + 1e-6).all(), name


def make_action(tmp_path, monkeypatch, steps):
    path = tmp_path / "wave.npz"
    np.savez(path, joint_names=np.array(["b", "a"]), positions=np.array([[0.0, 1.0], [2.0, 3.0]]), fps=np.array(10.0))
    robot = SimpleNamespace(
        find_joints=lambda names: [("a", "b", "c").index(names[0])], target=torch.full((len(steps), 3), 9.0)
    )
    monkeypatch.setattr("genelab.mdp.joint_trajectory.resolve_entity", lambda cfg, env: SimpleNamespace(robot=robot))
    env = SimpleNamespace(device=torch.device("cpu"), step_dt=0.05, episode_length_buf=torch.tensor(steps))
    cfg = JointTrajectoryActionCfg(file=str(path))
    JointTrajectoryAction(cfg, env).apply(torch.zeros(len(steps), 0))
    return robot.target


def test_a_recording_is_interpolated_assigned_by_name_and_repeated(tmp_path, monkeypatch):
    target = make_action(tmp_path, monkeypatch, [0, 1, 2, 3])
    assert target.tolist() == [[2.0, 1.0, 9.0], [3.0, 2.0, 9.0], [2.0, 1.0, 9.0], [1.0, 0.0, 9.0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"joint_names": np.array(["a"])}, "is no recorded joint trajectory"),
        ({"positions": np.zeros((4, 3))}, "positions of shape \\(4, 3\\) for 2 joints"),
        ({"positions": np.full((4, 2), np.nan)}, "not finite"),
        ({"positions": np.array([[{}, {}]] * 2)}, "is no recorded joint trajectory"),
    ],
)
def test_a_broken_recording_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.npz"
    whole = {"joint_names": np.array(["a", "b"]), "positions": np.zeros((4, 2)), "fps": np.array(10.0)}
    np.savez(path, **(content if list(content) == ["joint_names"] else {**whole, **content}))
    with pytest.raises(UsageError, match=message):
        read_joint_trajectory(path)
