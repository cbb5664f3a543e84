"""Signals and kills in a process of its own: exit status, checkpoint, and that the run goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from child_processes import start_python, wait_for

DRIVER = Path(__file__).parent / "drive_fake.py"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return start_python(folder, DRIVER, "train", "Sample-Counter-v0", *arguments)


ENDLESS = ("--log-dir", "run", "--max-iterations", "100000", "--agent.iteration_s", "0.02")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_a_checkpoint_and_says_how_to_go_on(tmp_path, signum, code):
    process = start(tmp_path, *ENDLESS, "--agent.save_interval", "5")
    wait_for(process, tmp_path / "run" / "model_5.count.meta.json")
    process.send_signal(signum)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert status["status"] == "stopped" and status["iteration"] > 5
    assert out.strip() == f"run/{status['checkpoint']}" == f"run/model_{status['iteration']}.count"
    assert "genelab train Sample-Counter-v0 --resume run" in err
    assert "Traceback" not in err

    again = start(tmp_path, "--resume", "run", "--max-iterations", str(status["iteration"] + 2))
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert out.strip() == f"run/model_{status['iteration'] + 2}.count"


def test_the_second_signal_aborts_at_once(tmp_path):
    process = start(tmp_path, "--log-dir", "run", "--agent.iteration_s", "60")
    wait_for(process, tmp_path / "run" / "status.json")
    stderr = process.stderr
    assert stderr is not None
    for line in stderr:
        if "envs on" in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "--resume run" in err and "Traceback" not in err
    assert json.loads((tmp_path / "run" / "status.json").read_text())["status"] == "stopped"


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    process = start(tmp_path, *ENDLESS, "--agent.save_interval", "3")
    wait_for(process, tmp_path / "run" / "model_6.count.meta.json")
    process.kill()
    process.wait()
    last = max(int(path.stem.partition("_")[2]) for path in (tmp_path / "run").glob("model_*.count"))
    again = start(tmp_path, "--resume", "run", "--max-iterations", str(last + 1))
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert out.strip() == f"run/model_{last + 1}.count"


def test_two_trainings_in_one_directory_are_refused(tmp_path):
    process = start(tmp_path, *ENDLESS, "--agent.save_interval", "1")
    try:
        wait_for(process, tmp_path / "run" / "model_1.count.meta.json")
        second = start(tmp_path, "--resume", "run")
        _, err = second.communicate(timeout=60)
        assert second.returncode == 2
        assert f"another training is writing here: process {process.pid}" in err
    finally:
        process.kill()
        process.wait()


def test_a_full_disk_is_a_clear_error_and_the_earlier_checkpoint_stays(tmp_path):
    """A file size limit stands for a full disk: the write of the second checkpoint fails."""
    limited = "import resource, runpy, signal, sys; " + (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        f"sys.argv = [{str(DRIVER)!r}, *sys.argv[1:]]; runpy.run_path({str(DRIVER)!r}, run_name='__main__')"
    )
    words = ("train", "Sample-Counter-v0", "--log-dir", "run", "--agent.ballast_after", "2")
    process = start_python(tmp_path, "-c", limited, *words)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "cannot write model_4.count: File too large" in err and "Traceback" not in err
    assert [path.name for path in (tmp_path / "run").glob("*.count")] == ["model_2.count"]
    assert json.loads((tmp_path / "run" / "status.json").read_text())["status"] == "failed"
