"""The pack's command for demonstrations; recording without the simulator: parts, interruptions, broken files."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genelab.demos.recording import PartialRecording, Recorder
from genelab.rl.demonstrations import read_demonstration_arrays, write_demonstrations
from genelab.rl.expert import Expert
from genelab.runs.source import open_source
from genelab.testing.goal_env import GoalEnv
from genelab.utils.errors import UsageError
from genelab_tasks_manipulation.collect_demos import command_line

REQUEST = {"task": "Goal-v0", "steps": 30, "save_every": 5}


class StraightToTheGoal(Expert):
    """Waits a step in each episode, and then goes: so its own state matters."""

    def __init__(self, env):
        super().__init__(env)
        self._waited = torch.zeros(env.num_envs, 1)

    def __call__(self, observations):
        action = self._waited * ((self.env.goal - self.env.position) / 0.4).clamp(-1, 1)
        self._waited = torch.ones_like(self._waited)
        return action

    def reset(self, done=None):
        self._waited = self._waited * (0.0 if done is None else (~done)[:, None])

    def state_dict(self):
        return {"waited": self._waited.clone()}

    def load_state_dict(self, state):
        self._waited = state["waited"].clone()


def record(folder, *, stop=None, seed=0):
    """Record 30 steps in parts of 5, or until `stop`; return the recorder and all arrays."""
    env = GoalEnv(seed=seed)
    recorder, partial = Recorder(env, StraightToTheGoal(env)), PartialRecording(folder, REQUEST)
    recorder.begin(partial)
    while recorder.step < (stop or 30):
        recorder.advance()
        if recorder.step % 5 == 0 and recorder.step < 30:
            partial.save(recorder)
    return recorder, partial.arrays(recorder)


def test_an_interrupted_recording_goes_on_to_the_same_arrays(tmp_path):
    straight, arrays = record(tmp_path / "straight")
    record(tmp_path / "parts", stop=13)
    continued, again = record(tmp_path / "parts", seed=7)
    assert arrays["actions"].shape == (30, 8, 2) and (continued.step, continued.episodes) == (30, 24)
    assert (continued.successes, continued.episodes) == (straight.successes, straight.episodes)
    assert set(arrays) == set(again) and all(np.array_equal(arrays[name], again[name]) for name in arrays)
    assert (arrays["actions"][8] == 0).all() and (arrays["actions"][9] != 0).any()  # it waits again in an episode


def test_a_part_of_another_request_is_neither_continued_nor_lost(tmp_path):
    record(tmp_path / "parts", stop=13)
    other = PartialRecording(tmp_path / "parts", {**REQUEST, "steps": 50})
    with pytest.raises(UsageError, match="a part of another recording: its steps differs"):
        other.check(force=False)
    assert other.load() is not None
    other.check(force=True)
    assert other.load() is None


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "demos.npz"
    write_demonstrations(path, {"actions": np.ones((4, 2, 3), np.float32)}, {"task": "Goal-v0"})
    return path


def test_a_file_says_what_it_is_and_holds_no_pickle(file):
    arrays, about = read_demonstration_arrays(file)
    assert arrays["actions"].shape == (4, 2, 3) and (about["format"], about["task"]) == (1, "Goal-v0")
    with np.load(file, allow_pickle=False) as raw:
        assert all(raw[name].dtype != object for name in raw.files)


def test_a_truncated_file_is_refused(file):
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UsageError, match="is no file of demonstrations"):
        read_demonstration_arrays(file)


def test_a_file_with_pickled_objects_is_refused(tmp_path):
    path = tmp_path / "evil.npz"
    np.savez(path, actions=np.array([{}], dtype=object))
    with pytest.raises(UsageError, match="is no file of demonstrations"):
        read_demonstration_arrays(path)


def test_arrays_that_were_changed_afterwards_are_refused(file):
    with np.load(file) as raw:
        content = dict(raw)
    content["actions"][0] = 5.0
    np.savez(file, **content)
    with pytest.raises(UsageError, match="was changed after it was written"):
        read_demonstration_arrays(file)


def test_the_pack_has_the_documented_command():
    words = command_line(["--num-envs", "64", "--episode-length-s", "5", "--out", "a.npz"])
    assert words[:3] == ["demos", "collect", "GeneLab-Franka-Pick-And-Place-v0"]
    assert words[3:] == ["--num-envs", "64", "--env.episode_length_s", "5", "--out", "a.npz"]
    assert command_line(["--episode_length_s=5"])[3:] == ["--env.episode_length_s=5", "--out", "franka_pp_demos.npz"]


def test_a_task_without_an_expert_says_so():
    source = open_source("GeneLab-UR5e-Reach-v0", "expert")
    with pytest.raises(UsageError, match="GeneLab-UR5e-Reach-v0 has no expert"):
        source.policy(GoalEnv())  # pyright: ignore[reportArgumentType]
