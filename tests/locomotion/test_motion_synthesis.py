"""Clips made from descriptions: feet stand, the robot balances, and what cannot be done is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genelab.utils.errors import GenelabError, UsageError
from genelab_tasks_locomotion.motion.checks import check_clip
from genelab_tasks_locomotion.motion.clip_file import read_clip
from genelab_tasks_locomotion.motion.description import parse_description, read_description
from genelab_tasks_locomotion.motion.keyframes import interpolate, oscillate
from genelab_tasks_locomotion.motion.shipped import find_file, shipped_clips
from genelab_tasks_locomotion.motion.support import zero_moment_point
from genelab_tasks_locomotion.motion.synthesis import balanced_path, synthesise

STEP: dict[str, Any] = {
    "robot": "g1",
    "summary": "two steps",
    "balance": "dynamic",
    "phases": [{"kind": "stand", "seconds": 0.4}, {"kind": "in_place", "steps": 2}, {"kind": "stand", "seconds": 0.4}],
    "pelvis_height": [[0.0, 0.71]],
}


@pytest.mark.parametrize("name", ["squat_and_reach", "step_and_wave", "walk_turn_back"])
def test_a_shipped_clip_passes_every_check(name: str) -> None:
    clip = read_clip(find_file(name, ".npz"), fps=50.0)
    assert [finding for finding in check_clip(clip) if not finding.passed] == []
    assert clip.foot_planted.any(axis=1).all() and clip.metadata["balance"]


def test_the_shipped_clips_are_what_they_say() -> None:
    assert shipped_clips() == ["squat_and_reach", "step_and_wave", "walk_turn_back"]
    squat, dance, walk = (read_clip(find_file(name, ".npz")) for name in shipped_clips())
    assert np.ptp(squat.body_pos[:, 0, 2]) > 0.2 and squat.foot_planted.all()
    assert dance.duration >= 20.0 and np.abs(dance.body_pos[:, 0, :2]).max() < 0.3
    assert walk.body_pos[:, 0, 0].max() > 1.0 and np.abs(walk.body_pos[-1, 0, :2]).max() < 0.2
    assert abs(walk.body_quat[-1, 0, 3]) > 0.95  # it looks back


def test_a_shipped_clip_is_what_its_description_gives() -> None:
    made = synthesise(read_description(find_file("squat_and_reach", ".json")))
    shipped = read_clip(find_file("squat_and_reach", ".npz"))
    assert np.abs(made.joint_pos - shipped.joint_pos).max() < 1e-4


def test_steps_leave_the_ground_and_come_back_without_sliding() -> None:
    clip = synthesise(parse_description(STEP, "test"))
    assert [finding.name for finding in check_clip(clip) if not finding.passed] == []
    for index, foot in enumerate(clip.foot_names):
        height = clip.body_pos[:, clip.body_names.index(foot), 2]
        planted = clip.foot_planted[:, index]
        assert np.ptp(height[planted]) < 1e-4
        assert height.max() - height[planted].max() == pytest.approx(0.05, abs=2e-3)


def test_a_stance_out_of_reach_is_an_error_that_names_the_frame() -> None:
    with pytest.raises(GenelabError, match=r"cannot reach this stance(.|\n)*frame 0, 0.00 s"):
        synthesise(parse_description({**STEP, "pelvis_height": [[0.0, 0.9]]}, "test"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"joints": {"left_elbo_joint": [[0.0, 0.0]]}}, r"unknown joint 'left_elbo_joint'(.|\n)*left_elbow_joint"),
        ({"joints": {"left_knee_joint": [[0.0, 0.0]]}}, "left_knee_joint is a joint of a leg"),
        ({"robot": "go1"}, "does not walk on two feet"),
        ({"robot": "g2"}, "unknown robot 'g2'"),
        ({"colour": "red"}, "colour"),
        ({"phases": []}, "phases: there is none"),
        ({"phases": [{"kind": "fly"}]}, r"phases.0.kind"),
        ({"pelvis_height": [[1.0, 0.7], [0.5, 0.6]]}, "pelvis_height: the times of keyframes must increase"),
    ],
)
def test_a_bad_description_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        synthesise(parse_description({**STEP, **change}, "test"))


def test_a_missing_description_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_description(tmp_path / "absent.json")
    with pytest.raises(UsageError, match="squat_and_reach"):
        find_file("squat_and_rech", ".json")


def test_the_balanced_path_has_the_zero_moment_point_that_was_asked_for() -> None:
    time = np.arange(300) / 50.0
    rest = np.stack((np.zeros(300), 0.1 * np.sign(np.sin(2.0 * time)) * (time > 1.0) * (time < 5.0)), axis=1)
    path = balanced_path(rest, 0.6, 50.0)
    com = np.concatenate((path, np.full((300, 1), 0.6)), axis=1)
    assert np.allclose(zero_moment_point(com, 50.0), rest, atol=1e-9)
    assert np.ptp(path[:, 1]) < np.ptp(rest[:, 1])


def test_keyframes_are_met_at_rest() -> None:
    time = np.linspace(0.0, 3.0, 3001)
    values = interpolate(time, [(0.5, 1.0), (1.5, -1.0), (2.0, 0.0)])
    assert values[[0, 500, 1500, 2000, 3000]] == pytest.approx([1.0, 1.0, -1.0, 0.0, 0.0])
    assert np.abs(np.gradient(values, time)[[500, 1500, 2000]]).max() < 1e-2


def test_an_oscillation_begins_and_ends_at_rest() -> None:
    time = np.linspace(0.0, 5.0, 5001)
    values = oscillate(time, 1.0, 4.0, 1.0, 0.3)
    assert np.abs(values[time <= 1.0]).max() == np.abs(values[time >= 4.0]).max() == 0.0
    assert values.max() == pytest.approx(0.3, abs=1e-3)
