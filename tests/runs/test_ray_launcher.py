"""The Ray launcher on a local cluster: seeds as Ray jobs, their failures, and a stop that lets a job save."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genelab.jobs.launcher import Job, make_launcher
from genelab.jobs.seeds import MultiSeed
from genelab.utils.errors import UsageError

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'genelab-core[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))  # otherwise Ray writes one into the home directory
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Its sockets' paths may have 107 characters, fewer than pytest's folders.
        context = ray.init(num_cpus=2, include_dashboard=True, dashboard_port=0, log_to_driver=False)
        yield f"http://{context.dashboard_url}"
        ray.shutdown()


def test_seeds_run_as_jobs_of_the_cluster(address, tmp_path):
    plugins = [f"--plugin={HERE / name}.py" for name in ("fake_world", "sample_runs")]
    command = [
        sys.executable,
        "-m",
        "genelab",
        *plugins,
        "train",
        "Sample-Counter-v0",
        "--seeds",
        "1,2",
        "--parallel",
        "2",
    ]
    command += ["--launcher", "ray", "--launcher-option", f"address={address}", "--log-dir", "many"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GENELAB_PLUGINS": "core"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    states = [entry["state"] for entry in MultiSeed.open(tmp_path / "many").record["seeds"]]
    assert states == ["finished", "finished"]
    for seed in (1, 2):
        run = tmp_path / f"many/seed_{seed}"
        assert json.loads((run / "status.json").read_text())["status"] == "finished"
        assert "Sample-Counter-v0 with sample in" in (run / "output.log").read_text()


def test_exit_status_and_stop_come_through(address, tmp_path):
    saves = (
        "import signal, sys, time\n"
        "def save(*_): print('saved', flush=True); sys.exit(143)\n"
        "signal.signal(signal.SIGTERM, save); print('up', flush=True); time.sleep(100)"
    )
    codes = {"fails": "import sys; sys.exit(3)", "waits": saves}
    launcher = make_launcher("ray", {"address": address, "cpus": "0.5"})
    jobs = {
        name: Job(name=name, command=(sys.executable, "-S", "-c", code), log=tmp_path / name)
        for name, code in codes.items()
    }
    handles = {name: launcher.launch(job) for name, job in jobs.items()}
    while not jobs["waits"].log.exists() or "up" not in jobs["waits"].log.read_text():
        time.sleep(0.05)
    handles["waits"].stop()
    while any(handle.poll() is None for handle in handles.values()):
        time.sleep(0.05)
    assert {name: handle.poll() for name, handle in handles.items()} == {"fails": 3, "waits": 143}
    assert jobs["waits"].log.read_text() == "up\nsaved\n"


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'genelab-core[ray]'")
    with pytest.raises(UsageError, match=r"no Ray cluster answers at http://127\.0\.0\.1:9"):
        make_launcher("ray", {"address": "http://127.0.0.1:9"})
    with pytest.raises(UsageError, match="cpus=many is not a number of cpus"):
        make_launcher("ray", {"cpus": "many"})


def test_without_ray_the_pip_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.job_submission", None)
    with pytest.raises(UsageError, match=r"pip install 'genelab-core\[ray\]'"):
        make_launcher("ray", {})
