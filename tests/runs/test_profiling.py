"""Times are attributed to what spent them, and the objects are left as they were."""

from __future__ import annotations

import time

import pytest

from genelab.plugins.tasks import load_task
from genelab.profiling.step_times import measure_training
from genelab.profiling.stopwatch import Stopwatch
from genelab.testing.fake_env import FakeVecEnv


class Part:
    def __init__(self, seconds: float, inner: Part | None = None) -> None:
        self.seconds, self.inner = seconds, inner

    def compute(self) -> str:
        time.sleep(self.seconds)
        return self.inner.compute() if self.inner else "done"


def test_time_is_summed_by_label_and_nested_calls_belong_to_the_one_around_them():
    inner = Part(0.02)
    outer, other = Part(0.01, inner), Part(0.005)
    with Stopwatch() as watch:
        for label, part in (("inner", inner), ("outer", outer), ("other", other)):
            watch.watch(label, part, "compute")
        assert outer.compute() == "done"
        assert [other.compute() for _ in range(3)] == ["done"] * 3
    regions = watch.regions
    assert {path: region.calls for path, region in regions.items()} == {
        ("outer", "inner"): 1,
        ("outer",): 1,
        ("other",): 3,
    }
    assert 0.03 <= regions["outer",].seconds < 0.2
    assert 0.02 <= regions["outer", "inner"].seconds < regions["outer",].seconds
    assert 0.015 <= regions["other",].seconds < 0.2


def test_watched_objects_are_left_as_they_were_a_watch_on_a_watch_included():
    part = Part(0.0)
    with Stopwatch() as watch:
        watch.watch("part", part, "compute")
        watch.watch("whole", part, "compute")
        assert "compute" in vars(part)
        part.compute()
    assert set(vars(part)) == {"seconds", "inner"}
    part.compute()
    assert {path: region.calls for path, region in watch.regions.items()} == {("whole", "part"): 1, ("whole",): 1}


def test_training_is_timed_without_its_first_iteration(workspace):
    loaded = load_task("Sample-Counter-v0", overrides=[("agent.iteration_s", "0.01")])
    times = measure_training(FakeVecEnv(8), loaded, raw_us=4000.0)  # pyright: ignore[reportArgumentType]
    assert (times.backend, times.unit) == ("sample", "iterations")
    assert 0.01 <= times.iteration_s < 0.1
    assert 80 < times.env_steps_per_s <= 800
    assert 10_000 <= times.step_us < 100_000
    assert times.outside_physics_us == pytest.approx(times.step_us - 4000.0)
    assert not list(workspace.iterdir())
