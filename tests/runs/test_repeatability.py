"""`verify` finds the step at which two rollouts part."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from genelab.doctor import repeatability
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import UsageError

TASK = "Sample-Counter-v0"


@pytest.fixture
def in_process(monkeypatch, workspace):
    """Record the rollouts in this process; `envs` makes the environments."""

    class Here:
        def __init__(self, reference: str, arguments: dict[str, Any]) -> None:
            self._value = repeatability.record_rollout(**arguments)

        def result(self):
            return self._value

        def close(self):
            pass

    monkeypatch.setattr(repeatability, "Child", Here)


def use_envs(monkeypatch, make):
    import sys

    monkeypatch.setattr(sys.modules["genelab.envs.make"], "make_env", make)


def verify(*arguments: str):
    return CliRunner().invoke(repeatability.command, [TASK, *arguments], standalone_mode=False, catch_exceptions=False)


def test_equal_rollouts_are_bit_identical(in_process, monkeypatch):
    use_envs(monkeypatch, lambda cfg, num_envs, seed: FakeVecEnv(num_envs, seed=seed))
    done = verify("--num-envs", "4", "--steps", "30")
    assert done.return_value == 0
    assert done.stdout.startswith("bit-identical over 30 steps of 4 envs (sha256 ")


def test_a_drift_is_found_at_its_step(in_process, monkeypatch):
    class Drifting(FakeVecEnv):
        runs = 0

        def __init__(self, num_envs, seed):
            super().__init__(num_envs, seed=seed)
            Drifting.runs += 1
            self._drifts, self._steps = Drifting.runs == 2, 0

        def step(self, actions):
            self._steps += 1
            observations, reward, *rest = super().step(actions)
            if self._drifts and self._steps >= 7:
                reward = reward + 0.25 * (self._steps - 6)
            return observations, reward, *rest

    use_envs(monkeypatch, lambda cfg, num_envs, seed: Drifting(num_envs, seed))
    done = verify("--num-envs", "4", "--steps", "10", "--json")
    report = json.loads(done.stdout)
    assert done.return_value == 1
    assert (report["bit_identical"], report["first_difference"], report["differing"]) == (False, 7, ["reward"])
    assert report["max_difference"] == pytest.approx(1.0)
    Drifting.runs = 0
    assert "drifts at step 7 (reward); max difference 1" in verify("--num-envs", "4", "--steps", "10").stdout


def test_the_seed_decides_the_rollout(in_process, monkeypatch, tmp_path):
    use_envs(monkeypatch, lambda cfg, num_envs, seed: FakeVecEnv(num_envs, seed=seed))
    hashes = {
        repeatability.record_rollout(TASK, num_envs=2, steps=3, seed=seed, path=str(tmp_path / "x.npz"))
        for seed in (0, 0, 1)
    }
    assert len(hashes) == 2


def test_a_difference_in_the_last_bit_counts_and_equal_nans_do_not():
    a = {"x": np.array([[1.0], [np.nan], [2.0]], dtype=np.float32)}
    b = {"x": np.array([[1.0], [np.nan], [np.nextafter(np.float32(2), np.float32(3))]], dtype=np.float32)}
    assert repeatability.first_difference(a, a) == (None, [])
    assert repeatability.first_difference(a, b) == (2, ["x"])
    assert repeatability.max_difference(a, b) == pytest.approx(2.4e-7, rel=0.01)


def test_a_scene_without_rewards_cannot_be_verified(workspace):
    with pytest.raises(UsageError, match="no rewards"):
        repeatability.check_repeatability("Sample-Scene-v0", num_envs=1, steps=1, seed=0)
