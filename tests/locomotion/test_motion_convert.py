"""Retargeted CSV becomes a clip: what comes out is what went in, where an independent simulator puts it."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from click.testing import CliRunner
from motion_clips import sway, write_lafan1

from genelab.cli import root
from genelab_tasks_locomotion.motion.clip_file import read_clip
from genelab_tasks_locomotion.motion.kinematics import resample
from genelab_tasks_locomotion.motion.robot_model import RobotModel
from genelab_tasks_locomotion.robots import UNITREE_G1


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(root, ["motion", *map(str, words)])
    return result.exit_code, result.output


def convert(source: Path, *options: object) -> tuple[int, str]:
    return run("convert", source, source.with_suffix(".npz"), "--fps", 30, *options)


def test_a_csv_comes_back_as_joints_and_links_of_plain_mujoco(model: RobotModel, tmp_path: Path) -> None:
    _, pos, quat, joints = sway(model, fps=30.0)
    write_lafan1(tmp_path / "sway.csv", pos, quat, joints)
    assert convert(tmp_path / "sway.csv") == (
        0,
        f"wrote {tmp_path / 'sway.npz'}: 61 frames, 2.00 s at 30 frames per second\n",
    )
    clip = read_clip(tmp_path / "sway.npz")
    plain = mujoco.MjModel.from_xml_path(str(UNITREE_G1.articulation().mjcf()))
    state = mujoco.MjData(plain)
    for frame in range(clip.num_frames):
        state.qpos[:] = np.concatenate((pos[frame], quat[frame], joints[frame]))
        mujoco.mj_forward(plain, state)
        for column, body in enumerate(clip.body_names):
            assert np.abs(clip.body_pos[frame, column] - state.body(body).xpos).max() < 1e-3
            assert abs(np.dot(clip.body_quat[frame, column], state.body(body).xquat)) > 1.0 - 1e-6
    assert np.abs(clip.joint_pos - joints).max() < 1e-4
    assert clip.joint_names[0] == "left_hip_pitch_joint" and clip.body_names[0] == "pelvis"


def test_another_rate_follows_the_motion_between_the_frames(model: RobotModel, tmp_path: Path) -> None:
    _, pos, quat, joints = sway(model, fps=30.0)
    write_lafan1(tmp_path / "sway.csv", pos, quat, joints)
    assert convert(tmp_path / "sway.csv", "--to-fps", 50)[0] == 0
    clip = read_clip(tmp_path / "sway.npz", fps=50.0)
    _, true_pos, true_quat, true_joints = sway(model, fps=50.0)
    assert clip.num_frames == 101
    assert np.abs(clip.joint_pos - true_joints).max() < 1e-3  # chords of the curve
    assert np.abs(clip.body_pos[:, 0] - true_pos).max() < 1e-3
    assert np.abs(np.sum(clip.body_quat[:, 0] * true_quat, axis=1)).min() > 1.0 - 1e-7  # the file has float32


def test_velocities_are_those_of_the_motion(model: RobotModel, tmp_path: Path) -> None:
    time, pos, quat, joints = sway(model, fps=100.0)
    write_lafan1(tmp_path / "sway.csv", pos, quat, joints)
    assert run("convert", tmp_path / "sway.csv", tmp_path / "sway.npz", "--fps", 100)[0] == 0
    clip = read_clip(tmp_path / "sway.npz")
    inner = slice(1, -1)
    assert np.allclose(clip.body_ang_vel[inner, 0], 1.2 * np.array([0.48, -0.6, 0.64]), atol=1e-3)
    assert np.allclose(clip.body_lin_vel[inner, 0, 0], 0.3 * np.cos(time[inner]), atol=1e-3)
    reach = 0.2 * np.ptp(model.joint_range, axis=1)
    speed = 1.5 * reach * np.cos(1.5 * time[:, None] + np.arange(len(reach)))
    assert np.allclose(clip.joint_vel[inner], speed[inner], atol=1e-3)


def test_a_quaternion_and_its_negative_are_the_same_orientation_between_frames() -> None:
    quat = np.array([[1.0, 0.0, 0.0, 0.0], [-np.cos(0.2), 0.0, 0.0, -np.sin(0.2)]])
    half = resample(np.zeros((2, 3)), quat, np.zeros((2, 1)), 1.0, 2.0)[1][1]
    assert np.allclose(np.abs(half), [np.cos(0.1), 0.0, 0.0, np.sin(0.1)])


def test_between_frames_the_robot_turns_at_constant_speed() -> None:
    quat = np.array([[1.0, 0.0, 0.0, 0.0], [np.cos(1.2), np.sin(1.2), 0.0, 0.0]])
    quarter = resample(np.zeros((2, 3)), quat, np.zeros((2, 1)), 1.0, 4.0)[1][1]
    assert np.allclose(quarter, [np.cos(0.3), np.sin(0.3), 0.0, 0.0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table[:, :-1], ("35 columns, expected 36", "29 joints", "row 1", "--robot")),
        (lambda table: set_cell(table, 4, 9, np.nan), ("'nan'", "row 5, column 10 (left_hip_yaw_joint)")),
        (lambda table: set_cell(table, 7, 6, 0.2), ("length", "row 8, columns 4 to 7")),
        (lambda table: table[:2], ("2 rows", "need 3")),
    ],
    ids=["joint count", "nan", "quaternion", "short"],
)
def test_a_bad_csv_is_refused_with_its_place(model: RobotModel, tmp_path: Path, change, words) -> None:
    _, pos, quat, joints = sway(model, fps=30.0)
    table = change(np.concatenate((pos, quat[:, [1, 2, 3, 0]], joints), axis=1))
    np.savetxt(tmp_path / "bad.csv", table, delimiter=",")
    status, output = convert(tmp_path / "bad.csv")
    assert status == 1 and all(word in output for word in words), output
    assert not (tmp_path / "bad.npz").exists()


def set_cell(table: np.ndarray, row: int, column: int, value: float) -> np.ndarray:
    table[row, column] = value
    return table


def test_a_heading_is_an_error_that_says_so(model: RobotModel, tmp_path: Path) -> None:
    (tmp_path / "head.csv").write_text(",".join(["x"] * 36) + "\n")
    status, output = convert(tmp_path / "head.csv")
    assert status == 1 and "row 1, column 1 (root x)" in output and "no heading" in output


def test_an_unknown_robot_lists_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0\n")
    status, output = convert(tmp_path / "a.csv", "--robot", "g2")
    assert status == 2 and "unknown robot 'g2'" in output and "g1" in output


def test_an_existing_clip_is_replaced_only_by_force(model: RobotModel, tmp_path: Path) -> None:
    _, pos, quat, joints = sway(model, fps=30.0)
    write_lafan1(tmp_path / "sway.csv", pos, quat, joints)
    assert convert(tmp_path / "sway.csv")[0] == 0
    status, output = convert(tmp_path / "sway.csv")
    assert status == 2 and "--force" in output
    assert convert(tmp_path / "sway.csv", "--force")[0] == 0
