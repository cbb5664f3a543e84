"""`genelab motion render` films what the clip shows."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from click.testing import CliRunner

from genelab.cli import root
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import write_clip
from genelab_tasks_locomotion.motion.edits import cut
from genelab_tasks_locomotion.motion.robot_model import RobotModel


def render(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(root, ["motion", "render", *map(str, words)])
    return result.exit_code, result.output


def test_a_film_lasts_as_long_as_its_clip_and_shows_the_robot_move(
    clip: MotionClip, model: RobotModel, tmp_path: Path
) -> None:
    write_clip(tmp_path / "sway.npz", cut(clip, model, 0.0, 0.4, None))
    assert render(tmp_path / "sway.npz", tmp_path / "sway.mp4") == (0, f"wrote {tmp_path / 'sway.mp4'}: 11 frames\n")
    with av.open(str(tmp_path / "sway.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
        rate = film.streams.video[0].average_rate
    assert len(frames) == 11 and rate == 25  # 50 frames per second, every other one
    assert np.ptp(frames[0]) > 100 and np.abs(frames[-1] - frames[0]).max() > 50


def test_a_film_is_neither_replaced_unasked_nor_called_something_else(tmp_path: Path) -> None:
    (tmp_path / "old.mp4").write_text("old")
    assert render("squat_and_reach", tmp_path / "old.mp4")[0] == 2
    assert (tmp_path / "old.mp4").read_text() == "old"
    assert render("squat_and_reach", tmp_path / "new.png")[0] == 2
    code, output = render("squat_and_rech", tmp_path / "new.mp4")
    assert code == 2 and "squat_and_reach" in output
