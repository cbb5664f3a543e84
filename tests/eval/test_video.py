"""Films of episodes."""

from __future__ import annotations

import av
import numpy as np
import pytest
from scored import make_fake, run_zero

from genelab.eval.protocol import EvalIncomplete
from genelab.eval.recording import EpisodeVideos
from genelab.eval.video import VideoWriter
from genelab.utils.errors import UsageError


def read_video(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.average_rate, [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


def test_frames_come_back_at_the_rate_of_the_control_step(tmp_path):
    with VideoWriter(tmp_path / "film.mp4", fps=1 / 0.02) as film:
        for value in (0, 100, 200):
            film.write(np.full((48, 64, 3), value, np.uint8))
    rate, frames = read_video(tmp_path / "film.mp4")
    assert rate == 50 and [frame.shape for frame in frames] == [(48, 64, 3)] * 3
    assert np.allclose([frame.mean() for frame in frames], [0, 100, 200], atol=4)


def test_odd_sizes_lose_a_row_or_column(tmp_path):
    with VideoWriter(tmp_path / "film.mp4", fps=30) as film:
        film.write(np.zeros((49, 65, 3), np.uint8))
    assert read_video(tmp_path / "film.mp4")[1][0].shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["film.avi", "film"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="video"):
        VideoWriter(tmp_path / name, fps=30)


def test_a_film_that_broke_off_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), VideoWriter(tmp_path / "film.mp4", fps=30) as film:
        film.write(np.zeros((48, 64, 3), np.uint8))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("num_envs", [1, 2, 8])
def test_the_first_episodes_are_filmed_from_start_to_terminal_state(tmp_path, num_envs):
    env = make_fake(num_envs)
    with EpisodeVideos(tmp_path, 3) as videos:
        result = run_zero(env, episodes=8, recorder=videos)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"episode_000{i}.mp4" for i in range(3)]
    for row in result.rows:
        if row["i"] >= 3:
            assert row["video"] is None
            continue
        _, frames = read_video(tmp_path.parent / row["video"])
        assert len(frames) == row["length"] + 1
        brightness = [frame.mean() for frame in frames]
        assert brightness[0] < 5 and brightness[-1] == pytest.approx(255 * row["length"] / 10, abs=5)


def test_an_incomplete_evaluation_discards_nothing_that_was_finished(tmp_path):
    env = make_fake(1, success_probability=1.0)
    with pytest.raises(EvalIncomplete) as caught, EpisodeVideos(tmp_path, 3) as videos:
        run_zero(env, episodes=8, recorder=videos, max_steps=15)
    assert caught.value.result.rows[0]["video"] == f"{tmp_path.name}/episode_0000.mp4"
    assert len(list(tmp_path.iterdir())) == 2


def test_an_error_discards_open_films(tmp_path):
    env = make_fake(2)
    env.step_observers.append(lambda step: 1 / int(step.env.episode_length_buf[0] < 2))
    with pytest.raises(ZeroDivisionError), EpisodeVideos(tmp_path, 2) as videos:
        run_zero(env, episodes=8, recorder=videos)
    assert not [path for path in tmp_path.iterdir() if path.name != "episode_0001.mp4"]
