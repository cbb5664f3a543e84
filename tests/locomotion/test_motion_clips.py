"""Files of motion clips: what is read is what was written, in the order asked for; bad files are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genelab.utils.errors import GenelabError, UsageError
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import read_clip, write_clip
from genelab_tasks_locomotion.motion.edits import cut, mirrored
from genelab_tasks_locomotion.motion.robot_model import RobotModel


@pytest.fixture
def file(clip: MotionClip, tmp_path: Path) -> Path:
    write_clip(tmp_path / "sway.npz", clip)
    return tmp_path / "sway.npz"


def test_a_clip_comes_back_as_it_was_written(clip: MotionClip, file: Path) -> None:
    again = read_clip(file)
    assert (again.fps, again.joint_names, again.metadata) == (clip.fps, clip.joint_names, clip.metadata)
    for name in ("joint_pos", "joint_vel", "body_pos", "body_quat", "body_lin_vel", "body_ang_vel"):
        allowed = 1.3e-4 if name.endswith("vel") else 1e-5
        assert np.abs(getattr(again, name) - getattr(clip, name)).max() < allowed


def test_the_reader_orders_columns_by_name(clip: MotionClip, file: Path) -> None:
    joints, bodies = clip.joint_names[::-1], ("torso_link", "pelvis")
    again = read_clip(file, joint_names=joints, body_names=bodies)
    assert again.joint_names == joints and again.body_names == bodies
    assert np.allclose(again.joint_pos, clip.joint_pos[:, ::-1], atol=5e-6)
    assert np.allclose(again.body_pos[:, 0], clip.body_pos[:, clip.body_names.index("torso_link")], atol=5e-6)


def test_unknown_names_list_the_nearest(clip: MotionClip, file: Path) -> None:
    with pytest.raises(UsageError, match=r"no joint 'left_nee_joint'(.|\n)*left_knee_joint"):
        read_clip(file, joint_names=["left_nee_joint", *clip.joint_names[1:]])
    with pytest.raises(UsageError, match=r"no body 'torso'(.|\n)*torso_link"):
        read_clip(file, body_names=["torso"])


def test_another_number_of_joints_is_an_error(clip: MotionClip, file: Path) -> None:
    with pytest.raises(UsageError, match="29 joints, wanted are 28"):
        read_clip(file, joint_names=clip.joint_names[1:])


def test_another_rate_is_an_error_with_the_command_that_changes_it(file: Path) -> None:
    with pytest.raises(UsageError, match=r"50 frames per second, wanted are 30(.|\n)*--to-fps 30"):
        read_clip(file, fps=30.0)


@pytest.mark.parametrize(
    ("array", "place", "value", "words"),
    [
        ("joint_pos", (7, 3), np.nan, "joint_pos is nan in frame 7, column 3 .left_knee_joint."),
        ("body_lin_vel", (2, 0, 1), np.inf, "body_lin_vel is inf in frame 2, column 0 .pelvis.y."),
        ("body_quat", (5, 1), 0.9, "length 1.8 in frame 5, column 1 .left_hip_pitch_link."),
    ],
)
def test_a_bad_number_is_named_by_frame_and_column(
    clip: MotionClip, tmp_path: Path, array: str, place: tuple[int, ...], value: float, words: str
) -> None:
    values = getattr(clip, array).copy()
    values[place] = value
    write_clip(tmp_path / "bad.npz", replace(clip, **{array: values}))
    with pytest.raises(GenelabError, match=words):
        read_clip(tmp_path / "bad.npz")


def test_columns_that_do_not_fit_the_names_are_an_error(clip: MotionClip, tmp_path: Path) -> None:
    with pytest.raises(GenelabError, match=r"joint_pos has the shape \(101, 28\), expected \(101, 29\)"):
        write_clip(tmp_path / "bad.npz", replace(clip, joint_pos=clip.joint_pos[:, 1:]))


def test_a_pickled_file_is_refused_unread(file: Path, tmp_path: Path) -> None:
    with np.load(file) as archive:
        arrays = dict(archive)
    arrays["joint_names"] = np.array(list(arrays["joint_names"]), dtype=object)
    np.savez(tmp_path / "pickled.npz", **arrays)
    with pytest.raises(GenelabError, match="pickled objects"):
        read_clip(tmp_path / "pickled.npz")


def test_files_that_are_no_clips_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", fps=np.array(50))
    with pytest.raises(GenelabError, match="no motion clip: it has no array 'version'"):
        read_clip(tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("not a zip")
    with pytest.raises(GenelabError):
        read_clip(tmp_path / "text.npz")
    with pytest.raises(UsageError, match="no such clip"):
        read_clip(tmp_path / "absent.npz")


def test_the_mirror_image_of_the_mirror_image_is_the_clip(clip: MotionClip, model: RobotModel) -> None:
    once = mirrored(clip, model)
    twice = mirrored(once, model)
    assert np.array_equal(twice.joint_pos, clip.joint_pos)
    assert np.allclose(twice.body_pos, clip.body_pos, atol=1e-12)
    left, right = (clip.joint_names.index(f"{side}_hip_roll_joint") for side in ("left", "right"))
    assert np.array_equal(once.joint_pos[:, left], -clip.joint_pos[:, right])
    feet = [clip.body_names.index(f"{side}_ankle_roll_link") for side in ("left", "right")]
    assert np.allclose(once.body_pos[:, feet[0]] * [1, -1, 1], clip.body_pos[:, feet[1]], atol=1e-3)


def test_a_cut_keeps_the_frames_and_their_velocities(clip: MotionClip, model: RobotModel) -> None:
    part = cut(clip, model, 0.5, 1.5, None)
    assert part.num_frames == 51
    assert np.array_equal(part.joint_pos, clip.joint_pos[25:76])
    assert np.allclose(part.body_ang_vel[1:-1], clip.body_ang_vel[26:75])
    assert cut(clip, model, 0.0, None, 25.0).num_frames == 51


def test_a_part_outside_the_clip_is_an_error(clip: MotionClip, model: RobotModel) -> None:
    with pytest.raises(UsageError, match="no part of a clip of 2 s"):
        cut(clip, model, 1.0, 3.0, None)
