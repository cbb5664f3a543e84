"""`genelab train --seeds`: real child processes of the counting backend, in fake environments."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from child_processes import start_python, wait_for
from genelab.cli import root
from genelab.jobs.seeds import MultiSeed, create_multi_seed
from genelab.runs.progress import read_progress

HERE = Path(__file__).parent
PLUGINS = [f"--plugin={HERE / name}.py" for name in ("fake_world", "sample_runs")]
TASK = "Sample-Counter-v0"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return start_python(folder, "-m", "genelab", *PLUGINS, "train", TASK, *arguments)


def states(parent: Path) -> dict[int, tuple[str, int | None]]:
    record = MultiSeed.open(parent).record
    return {entry["seed"]: (entry["state"], entry["status"]) for entry in record["seeds"]}


def status(run: Path) -> dict:
    return json.loads((run / "status.json").read_text())


def test_a_seed_killed_by_hand_fails_the_command_and_the_rest_is_intact_and_goes_on(tmp_path):
    many = tmp_path / "many"
    options = ("--log-dir", "many", "--agent.iteration_s", "0.1", "--agent.save_interval", "1", "--num_envs", "3")
    process = start(tmp_path, "--seeds", "1,7", "--parallel", "2", "--max-iterations", "20", *options)
    wait_for(process, many / "seed_1/model_1.count.meta.json", many / "seed_7/model_1.count.meta.json")
    os.kill(json.loads((many / "seed_7/.lock").read_text())["pid"], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert out.strip() == "many"
    assert "error: seed_7 failed (killed by signal 9); many/seed_7/output.log ends with" in err
    assert f"error: 1 of 2 seeds failed: seed_7; to go on: genelab train {TASK} --resume many" in err
    assert "Traceback" not in err
    assert states(many) == {1: ("finished", 0), 7: ("failed", -9)}
    assert status(many / "seed_1")["iteration"] == 20
    for seed in (1, 7):
        env = json.loads((many / f"seed_{seed}/params/env.json").read_text())["env"]
        agent = json.loads((many / f"seed_{seed}/params/agent.json").read_text())["agent"]
        assert (env["seed"], agent["seed"], env["simulation"]["num_envs"]) == (seed, seed, 3)
    assert "in many/seed_1" in (many / "seed_1/output.log").read_text()

    again = start(tmp_path, "--resume", "many")
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert f"1 seed of {TASK} in many" in err
    assert states(many) == {1: ("finished", 0), 7: ("finished", 0)}
    assert status(many / "seed_7")["iteration"] == 20
    assert not list((many / "seed_7").glob("model_21*"))


def test_ctrl_c_lets_every_seed_save_and_says_how_to_go_on(tmp_path):
    many = tmp_path / "many"
    options = ("--max-iterations", "100000", "--agent.iteration_s", "0.05", "--log-dir", "many")
    process = start(tmp_path, "--seeds", "1,2,3", "--parallel", "2", *options)
    wait_for(process, many / "seed_1/model_2.count.meta.json", many / "seed_2/model_2.count.meta.json")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"stopped; to go on: genelab train {TASK} --resume many" in err and "Traceback" not in err
    assert states(many) == {1: ("stopped", 130), 2: ("stopped", 130), 3: ("stopped", None)}
    for seed in (1, 2):
        run = many / f"seed_{seed}"
        known = status(run)
        assert known["status"] == "stopped" and (run / known["checkpoint"]).exists()
        assert known["checkpoint"] == f"model_{known['iteration']}.count"
        progress = read_progress(run)
        assert progress is not None and progress.iteration == known["iteration"]


@pytest.fixture
def usage(workspace):
    """Return a function that calls `genelab train` in this process and returns its message of wrong usage."""

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(root, ["train", TASK, *arguments])
        assert result.exit_code == 2, result.output
        return result.output

    return call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seeds", "1,2,1"), "1 is named twice"),
        (("--seeds", ","), "it names no seed"),
        (("--seeds", "1,,2"), "'' is not a valid integer"),
        (("--seeds", "1,x"), "'x' is not a valid integer"),
        (("--seeds", "1,-2"), "-2 is not in the range"),
        (("--seeds", "1,2", "--seed", "3"), "--seeds sets the seed of each run"),
        (("--seeds", "1,2", "--env.seed", "3"), "--env.seed cannot"),
        (("--seeds", "1,2", "--resume", "run"), "--seeds begins new runs"),
        (("--seeds", "1,2", "--launcher", "slum"), "unknown launcher 'slum'"),
        (("--seeds", "1,2", "--launcher-option", "x"), "'x' is not KEY=VALUE"),
        (("--seeds", "1,2", "--launcher-option", "x=1"), "unknown launcher option 'x'"),
        (("--seeds", "1,2", "--force"), "this launcher writes none"),
        (("--seeds", "1,2", "--agent.no_such", "3"), "no_such"),
        (("--parallel", "2"), "--parallel is for many seeds"),
        (("--launcher", "slurm"), "--launcher is for many seeds"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_made(usage, workspace, arguments, message):
    assert message in usage(*arguments)
    assert not list(workspace.iterdir())


def test_a_folder_that_is_not_empty_is_refused_with_the_way_to_go_on(usage, workspace):
    (workspace / "many").mkdir()
    (workspace / "many/multi_seed.json").write_text(
        '{"task": "Sample-Counter-v0", "launcher": "local", "gpus": 0, "arguments": [], "seeds": []}'
    )
    assert "--resume many" in usage("--seeds", "1,2", "--log-dir", "many")
    assert "all seeds in many are finished" in usage("--resume", "many")
    assert "cannot change --env.decimation" in usage("--resume", "many", "--env.decimation", "2")
    (workspace / "many/multi_seed.json").write_text("{}")
    assert "multi_seed.json has no task" in usage("--resume", "many")
    (workspace / "many/multi_seed.json").write_text(
        '{"task": "Other-v0", "launcher": "local", "gpus": 0, "arguments": [], "seeds": []}'
    )
    assert "many is of Other-v0" in usage("--resume", "many")


def test_options_and_overrides_reach_the_children_as_they_were_given(workspace):
    """A launcher that only writes shows what would be run."""
    arguments = ["--seeds", "3,4", "--launcher", "slurm", "--launcher-option", "time=01:00:00", "--parallel", "2"]
    arguments += ["--num_envs", "5", "--headless", "--env.decimation", "2", "--max-iterations=7", "--log-dir", "many"]
    result = CliRunner().invoke(root, ["train", TASK, *arguments])
    assert result.exit_code == 0, result.output
    record = MultiSeed.open(Path("many")).record
    assert record["arguments"] == ["--num-envs=5", "--max-iterations=7", "--headless", "--env.decimation=2"]
    assert [entry["state"] for entry in record["seeds"]] == ["submitted", "submitted"]
    assert "--seed=4 --log-dir=many/seed_4" in Path("many/slurm.sh").read_text()


def test_seeds_on_several_gpus_go_on_with_as_many(workspace):
    many = create_multi_seed(TASK, "sample", [1, 2], ["--gpus=2"], launcher="local", gpus=2, log_dir=Path("many"))
    (workspace / "many/seed_1/params").mkdir(parents=True)
    (workspace / "many/seed_1/params/agent.json").write_text("{}")
    begun, new = MultiSeed.open(many.path).jobs([1, 2], ["--max-iterations=9"])
    assert begun.command[5:] == ("--max-iterations=9", "--resume=many/seed_1", "--gpus=2")
    assert new.command[5:] == ("--gpus=2", "--seed=2", "--log-dir=many/seed_2")
    assert begun.gpus == new.gpus == 2
