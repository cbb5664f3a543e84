"""`check_clip` finds each thing that a robot could not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from genelab.cli import root
from genelab.utils.errors import UsageError
from genelab_tasks_locomotion.motion.checks import check_clip
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import write_clip
from genelab_tasks_locomotion.motion.kinematics import make_clip
from genelab_tasks_locomotion.motion.robot_model import RobotModel
from genelab_tasks_locomotion.motion.support import margin, zero_moment_point
from genelab_tasks_locomotion.robots import UNITREE_G1


def failed(clip: MotionClip) -> dict[str, str]:
    return {finding.name: finding.where for finding in check_clip(clip) if not finding.passed}


def again(clip: MotionClip, model: RobotModel, **changes: np.ndarray) -> MotionClip:
    states = {"pos": clip.body_pos[:, 0].copy(), "quat": clip.body_quat[:, 0], "joints": clip.joint_pos.copy()}
    states |= changes
    return make_clip(model, clip.fps, states["pos"], states["quat"], states["joints"], metadata={})


def test_a_smooth_motion_within_the_limits_passes(clip: MotionClip) -> None:
    assert failed(clip) == {}


def test_a_joint_beyond_its_limit_is_named(clip: MotionClip, model: RobotModel) -> None:
    joints = clip.joint_pos.copy()
    joints[:, 3] += 1.5
    assert "left_knee_joint" in failed(again(clip, model, joints=joints))["joint limits, beyond"]


def test_a_jump_is_too_fast_for_the_motor(clip: MotionClip, model: RobotModel) -> None:
    joints = clip.joint_pos.copy()
    joints[40:, 0] += 0.7
    found = failed(again(clip, model, joints=joints))
    assert found["joint speed / motor's limit"] == "frame 39, left_hip_pitch_joint"
    assert "joint acceleration" in found


def test_a_root_that_jumps_is_found(clip: MotionClip, model: RobotModel) -> None:
    pos = clip.body_pos[:, 0].copy()
    pos[30:, 0] += 0.5
    assert failed(again(clip, model, pos=pos)).keys() == {"root speed"}


def test_a_wrong_rate_is_found_by_the_velocities(clip: MotionClip) -> None:
    found = failed(replace(clip, fps=30.0))
    assert {"joint velocities, error", "link velocities, error", "link turning rates, error"} <= found.keys()


def test_links_that_are_not_where_the_joints_put_them_are_found(clip: MotionClip) -> None:
    joints = clip.joint_pos + 0.01
    assert {"links off the joints", "links turned off the joints"} <= failed(replace(clip, joint_pos=joints)).keys()


def test_a_foot_in_the_ground_is_found(clip: MotionClip, model: RobotModel) -> None:
    found = failed(again(clip, model, pos=clip.body_pos[:, 0] - [0.0, 0.0, 1.0]))
    assert found.keys() == {"depth in the ground"}


def test_feet_said_to_stand_must_rest_on_the_ground_under_the_robot(clip: MotionClip) -> None:
    standing = replace(
        clip,
        foot_names=tuple(UNITREE_G1.feet),
        foot_planted=np.ones((clip.num_frames, 2), dtype=bool),
        metadata={**clip.metadata, "balance": "static"},
    )
    assert failed(standing).keys() == {
        "planted soles off the ground",
        "planted soles, sliding",
        "zero-moment point outside the soles",
        "centre of mass outside the soles",
    }


def test_a_clip_of_nobody_asks_for_the_robot(clip: MotionClip) -> None:
    with pytest.raises(UsageError, match="--robot g1"):
        check_clip(replace(clip, metadata={}))
    assert check_clip(replace(clip, metadata={}), "g1")


def test_a_clip_of_another_robot_is_an_error(clip: MotionClip) -> None:
    with pytest.raises(UsageError, match="has no joint 'FR_hip_joint'"):
        check_clip(clip, "go1")


def test_the_command_fails_with_the_first_finding(clip: MotionClip, tmp_path) -> None:
    write_clip(tmp_path / "good.npz", clip)
    write_clip(tmp_path / "bad.npz", replace(clip, fps=30.0))
    assert CliRunner().invoke(root, ["motion", "check", str(tmp_path / "good.npz")]).exit_code == 0
    result = CliRunner().invoke(root, ["motion", "check", str(tmp_path / "bad.npz")])
    assert result.exit_code == 1 and "FAIL" in result.output and "joint velocities, error" in result.output


def test_margin_is_the_distance_to_the_nearest_side_and_negative_outside() -> None:
    square = np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    assert margin(np.array([0.5, 1.0]), square) == pytest.approx(0.5)
    assert margin(np.array([3.0, 1.0]), square) == pytest.approx(-1.0)


def test_the_zero_moment_point_runs_ahead_of_a_braking_robot() -> None:
    time = np.arange(200) / 100.0
    com = np.stack((time - 0.25 * time**2, 0.0 * time, np.full_like(time, 0.7)), axis=1)  # brakes at 0.5 m/s²
    ahead = (zero_moment_point(com, 100.0) - com[:, :2])[1:-1]
    assert np.allclose(ahead, [0.7 / 9.81 * 0.5, 0.0])
