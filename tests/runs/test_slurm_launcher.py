"""The Slurm launcher, with an `sbatch` of our own on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genelab.jobs.launcher import Job
from genelab.launchers.slurm import SlurmLauncher
from genelab.utils.errors import GenelabError, UsageError


def jobs(folder: Path, **fields) -> list[Job]:
    code = "import os, sys; print(os.environ['WORD'], sys.argv[1])"
    return [
        Job(
            name=f"seed_{seed}",
            command=(sys.executable, "-S", "-c", code, f"it's {seed}"),
            log=folder / f"seed_{seed}.log",
            environment={"WORD": "two words"},
            **fields,
        )
        for seed in (1, 2)
    ]


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """Put an `sbatch` on the PATH that notes its arguments; returns a function that sets its answer."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def answer(text: str, status: int = 0) -> Path:
        program = folder / "sbatch"
        program.write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/called\necho {text} >&{2 if status else 1}\nexit {status}\n'
        )
        program.chmod(0o755)
        return tmp_path / "called"

    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return answer


def test_the_script_is_submitted_and_runs_the_job_of_its_index(tmp_path, monkeypatch, sbatch):
    called = sbatch("Submitted batch job 17")
    monkeypatch.chdir(tmp_path)
    launcher = SlurmLauncher({"partition": "long", "time": "04:00:00"})
    said = launcher.submit(jobs(tmp_path, gpus=2), folder=tmp_path, parallel=1, force=False)
    script = tmp_path / "slurm.sh"
    assert said == f"Submitted batch job 17 ({script})"
    assert called.read_text().strip() == str(script)
    directives = [line for line in script.read_text().splitlines() if line.startswith("#SBATCH")]
    for expected in ("array=0-1%1", f"chdir={tmp_path}", "partition=long", "time=04:00:00", "gres=gpu:2"):
        assert f"#SBATCH --{expected}" in directives
    subprocess.run(["bash", str(script)], env={**os.environ, "SLURM_ARRAY_TASK_ID": "1"}, check=True)
    assert not (tmp_path / "seed_1.log").exists()
    assert (tmp_path / "seed_2.log").read_text() == "two words it's 2\n"


def test_a_script_is_replaced_only_with_force(tmp_path, sbatch):
    sbatch("Submitted")
    launcher = SlurmLauncher({})
    launcher.submit(jobs(tmp_path), folder=tmp_path, parallel=1, force=False)
    before = (tmp_path / "slurm.sh").read_text()
    assert "gres" not in before
    with pytest.raises(UsageError, match="exists already"):
        launcher.submit(jobs(tmp_path), folder=tmp_path, parallel=2, force=False)
    assert (tmp_path / "slurm.sh").read_text() == before
    launcher.submit(jobs(tmp_path), folder=tmp_path, parallel=2, force=True)
    assert "--array=0-1%2" in (tmp_path / "slurm.sh").read_text()


def test_without_sbatch_the_command_is_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = SlurmLauncher({}).submit(jobs(tmp_path), folder=tmp_path, parallel=1, force=False)
    assert said.endswith(f"sbatch {tmp_path / 'slurm.sh'}")


def test_what_sbatch_says_is_in_the_error(tmp_path, sbatch):
    sbatch("invalid partition", 1)
    with pytest.raises(GenelabError, match="sbatch refused the jobs: invalid partition"):
        SlurmLauncher({}).submit(jobs(tmp_path), folder=tmp_path, parallel=1, force=False)


@pytest.mark.parametrize("option", [("array", "1"), ("time", "1\n#SBATCH --x"), ("Bad key", "1")])
def test_options_that_would_break_the_script_are_refused(option):
    with pytest.raises(UsageError, match="cannot be an option of sbatch"):
        SlurmLauncher(dict([option]))
