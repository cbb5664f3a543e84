"""A stranger's pack adds a noise model, an action term, a sensor, a metric, a launcher and a report section."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from genelab.cli import root
from genelab.jobs.jobs import run_jobs
from genelab.jobs.launcher import Job, WatchedLauncher, make_launcher
from genelab.plugins.selection import EXTRA

PACK = "extension_pack.plugin"
TASK = "Extended-Pendulum-v0"


@pytest.fixture(autouse=True)
def pack(monkeypatch):
    monkeypatch.setenv(EXTRA, PACK)


def genelab(*arguments: str) -> str:
    done = CliRunner().invoke(root, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_pack_is_one_file_for_each_thing_and_is_listed():
    listed = json.loads(genelab("list", "--json"))
    names = {item["name"] for records in listed.values() for item in records if item["plugin"] == PACK}
    assert names == {TASK, "largest_action", "nice", "lucky"}
    assert json.loads(genelab("plugins", "doctor", "--json")) == []


def test_the_launcher_starts_jobs(tmp_path):
    launcher = make_launcher("nice", {})
    assert isinstance(launcher, WatchedLauncher)
    job = Job(name="niceness", command=(sys.executable, "-c", "import os; print(os.nice(0))"), log=tmp_path / "log")
    assert not run_jobs([job], launcher, parallel=1, poll_s=0.01).failed
    assert int((tmp_path / "log").read_text()) > 0


@pytest.mark.genesis
def test_the_task_trains_with_all_of_it_and_the_report_shows_the_section(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    genelab("train", TASK, "--max-iterations", "1", "--log-dir", "run")
    genelab(
        "eval", TASK, "run", "--episodes", "4", "--randomized", "--out", "run/eval.json", "--env.episode_length_s", "1"
    )
    document = json.loads(Path("run/eval.json").read_text())
    assert document["aggregates"]["custom"]["largest_action"]["mean"] > 0
    layout = json.loads(next(Path("run").glob("model_*.meta.json")).read_text())["observation_layout"]
    assert "odometer" in json.dumps(layout)
    genelab("report", "run", "--out", "page.html")
    page = Path("page.html").read_text()
    assert "Lucky number" in page
    assert "7.25" in page


@pytest.mark.genesis
def test_noise_action_and_sensor_do_what_they_say():
    import torch

    from genelab.envs.make import make_env

    env = make_env(TASK, num_envs=8, seed=3)
    try:
        observation, _ = env.reset()
        spikes = observation["policy"][:, -1]
        assert set(spikes.tolist()) == {0.0, 7.0}
        for _ in range(20):
            env.step(torch.ones(8, 1))
        driven = env.unwrapped.scene.sensors["odometer"].distance
        assert (driven > 0.01).all()
        target = env.unwrapped.scene["robot"].target[:, 0] - env.unwrapped.scene["robot"].joint_pos[:, 0]
        assert (target.abs() < 0.1).all()
    finally:
        env.close()
