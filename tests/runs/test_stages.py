"""`genelab train --stages`: real child processes of the counting backend, in fake environments."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from child_processes import start_python, wait_for
from genelab.api import TaskSpec
from genelab.cli import root
from genelab.jobs.stages import Stages
from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.checks import check_plugins
from genelab.plugins.selection import Selection
from genelab.plugins.stages import training_stages
from genelab.reports.run_groups import find_groups
from genelab.rl.checkpoint import load_checkpoint
from genelab.utils.errors import UsageError

HERE = Path(__file__).parent
PLUGINS = [f"--plugin={HERE / name}.py" for name in ("fake_world", "sample_runs", "sample_stages")]
STAND, WALK, RUN = "Sample-Stand-v0", "Sample-Walk-v0", "Sample-Run-v0"


def start(folder: Path, task: str, *arguments: str) -> subprocess.Popen[str]:
    return start_python(folder, "-m", "genelab", *PLUGINS, "train", task, *arguments)


def states(parent: Path) -> list[tuple[str, int | None]]:
    return [(entry["state"], entry["status"]) for entry in Stages.open(parent).record["stages"]]


def status(run: Path) -> dict:
    return json.loads((run / "status.json").read_text())


def weight(checkpoint: Path) -> int:
    """Iterations that the policy saw, in all stages."""
    return load_checkpoint(checkpoint)[0]["weight"]


def test_each_stage_begins_with_the_policy_of_the_one_before(tmp_path):
    process = start(tmp_path, WALK, "--stages", "--seed", "5", "--num_envs", "3", "--env.decimation", "2")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    (parent,) = (tmp_path / "logs/stages" / WALK).iterdir()
    inside = parent.relative_to(tmp_path)
    assert out.split() == [f"{inside}/stage_1/model_4.count", f"{inside}/stage_2/model_4.count"]
    assert f"stage 1 of 2, beginning: {STAND} in {inside}/stage_1" in err and "Traceback" not in err
    assert weight(parent / "stage_2/model_4.count") == 8
    assert states(parent) == [("finished", 0), ("finished", 0)]
    record = Stages.open(parent).record
    assert (record["task"], record["backend"]) == (WALK, "sample")
    assert [stage["task"] for stage in record["stages"]] == [STAND, WALK]
    for stage in (1, 2):
        env = json.loads((parent / f"stage_{stage}/params/env.json").read_text())["env"]
        assert (env["seed"], env["simulation"]["num_envs"], env["decimation"]) == (5, 3, 2)


ENDLESS = ("--stages", "--log-dir", "all", "--agent.iteration_s", "0.1", "--agent.save_interval", "1")


def test_a_stage_killed_by_hand_is_named_and_the_stages_go_on_where_they_were(tmp_path):
    parent = tmp_path / "all"
    process = start(tmp_path, RUN, *ENDLESS, "--max-iterations", "12")
    wait_for(process, parent / "stage_2/model_1.count.meta.json")
    os.kill(json.loads((parent / "stage_2/.lock").read_text())["pid"], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert f"stage 2 of 3, {WALK}, failed (killed by signal 9)" in err
    assert f"to go on: genelab train {RUN} --resume all" in err and "Traceback" not in err
    assert states(parent) == [("finished", 0), ("failed", -9), ("waiting", None)]
    first = (parent / "stage_1/status.json").stat().st_mtime_ns

    again = start(tmp_path, RUN, "--resume", "all")
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert f"stage 2 of 3, going on: {WALK}" in err and f"stage 3 of 3, beginning: {RUN}" in err
    assert out.split()[-1] == "all/stage_3/model_12.count"
    assert weight(parent / "stage_3/model_12.count") == 36
    assert (parent / "stage_1/status.json").stat().st_mtime_ns == first
    assert states(parent) == [("finished", 0)] * 3


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_the_stage_save_and_says_how_to_go_on(tmp_path, signum, code):
    parent = tmp_path / "all"
    process = start(tmp_path, WALK, *ENDLESS, "--max-iterations", "100000")
    wait_for(process, parent / "stage_1/model_2.count.meta.json")
    process.send_signal(signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err.rstrip().endswith(f"stages stopped; to go on: genelab train {WALK} --resume all"), err
    assert states(parent) == [("stopped", 130), ("waiting", None)]
    known = status(parent / "stage_1")
    assert known["status"] == "stopped" and (parent / "stage_1" / known["checkpoint"]).exists()


def test_the_second_signal_kills_the_stage(tmp_path):
    parent = tmp_path / "all"
    process = start(tmp_path, WALK, "--stages", "--log-dir", "all", "--agent.iteration_s", "600")
    wait_for(process, parent / "stage_1/provenance.json")
    time.sleep(1.0)
    pid = json.loads((parent / "stage_1/.lock").read_text())["pid"]
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert f"killed; to go on: genelab train {WALK} --resume all" in err and "Traceback" not in err
    assert states(parent) == [("stopped", None), ("waiting", None)]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_stages_of_several_seeds_go_on_and_are_aggregated_by_task(tmp_path):
    many = tmp_path / "many"
    process = start(tmp_path, WALK, "--seeds", "1,2", *ENDLESS[:1], "--log-dir", "many", "--max-iterations", "3")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "seed_1/stage_2  finished" in err
    for seed in (1, 2):
        assert weight(many / f"seed_{seed}/stage_2/model_3.count") == 6
    groups = find_groups(many)
    assert {(group.task, tuple(run.seed for run in group.runs)) for group in groups} == {
        (STAND, (1, 2)),
        (WALK, (1, 2)),
    }
    for path in (many / "seed_2/stage_2").iterdir():
        if path.is_file() and path.name != ".lock":
            path.unlink()
    (many / "seed_2/stage_2/params/agent.json").unlink()
    again = start(tmp_path, WALK, "--resume", "many")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert "1 seed of" in err
    assert weight(many / "seed_2/stage_2/model_3.count") == 6


# ---- what is refused, in this process


@pytest.fixture
def stages_catalog():
    core = [candidate for candidate in installed_candidates() if candidate.always_allowed]
    extra = extra_candidates([str(HERE / "sample_runs.py"), str(HERE / "sample_stages.py")])
    with use_catalog(Catalog([*core, *extra], Selection())) as catalog:
        yield catalog


@pytest.fixture
def usage(tmp_path, monkeypatch, stages_catalog):
    """Return a function that calls `genelab train` in this process and returns its message of wrong usage."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(root, ["train", *arguments])
        assert result.exit_code == 2, result.output
        return result.output

    return call


def test_a_chain_is_trained_from_its_first_task(stages_catalog):
    assert training_stages(stages_catalog, "sample-run-v0") == [STAND, WALK, RUN]
    assert training_stages(stages_catalog, STAND) == [STAND]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((STAND, "--stages"), f"{STAND} is trained in one stage"),
        ((STAND, "--stages"), "tasks with stages: Sample-Egg-v0"),
        (("Sample-Egg-v0", "--stages"), "in a circle: Sample-Egg-v0 -> Sample-Hen-v0 -> Sample-Egg-v0"),
        (("Sample-Orphan-v0", "--stages"), "begins with the policy of 'Sample-Stnad-v0': unknown task"),
        (("Sample-Orphan-v0", "--stages"), f"did you mean {STAND}"),
        ((WALK, "--stages", "--resume", "all"), "leave --stages out"),
        ((WALK, "--stages", "--env.decimatoin", "2"), "decimatoin"),
        ((WALK, "--stages", "--backend", "smaple"), "unknown backend 'smaple'"),
        ((WALK, "--stages", "--checkpoint", "nothing"), "no such run: nothing"),
        ((WALK, "--stages", "--seeds", "1,2", "--checkpoint", "nothing"), "no such run: nothing"),
        ((STAND, "--stages", "--seeds", "1,2"), f"{STAND} is trained in one stage"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_made(usage, tmp_path, arguments, message):
    assert message in usage(*arguments)
    assert not list(tmp_path.iterdir())


def make(folder: Path, *tasks: str, finished: int = 0, **changes) -> Stages:
    folder.mkdir()
    entries = [{"task": task, "run": "", "state": "waiting", "status": None} for task in tasks]
    record = {"task": tasks[-1], "backend": "sample", "gpus": 0, "checkpoint": None, "arguments": ["--seed=3"]}
    stages = Stages(folder, {**record, "stages": entries, **changes})
    stages.write()
    for stage in range(1, finished + 1):
        run = stages.run_dir(stage)
        (run.path / "params").mkdir(parents=True)
        (run.path / "params/agent.json").write_text("{}")
        run.write_status("finished")
    return stages


def test_a_folder_is_continued_as_it_was(usage, tmp_path):
    make(Path("all"), STAND, WALK, finished=2)
    assert "all stages in all are finished" in usage(WALK, "--resume", "all")
    assert "--resume all/stage_2 --max-iterations N" in usage(WALK, "--resume", "all")
    assert "it cannot change --max-iterations=9, --env.decimation=2" in usage(
        WALK, "--resume", "all", "--max-iterations", "9", "--env.decimation", "2"
    )
    assert f"all is of {WALK}" in usage(RUN, "--resume", "all")
    assert "was not begun with --gpus 2" in usage(WALK, "--resume", "all", "--gpus", "2")
    assert "all holds stages already" in usage(WALK, "--stages", "--log-dir", "all")
    Path("all/stages.json").write_text("{}")
    assert "stages.json has no task, backend" in usage(WALK, "--resume", "all")


def test_a_stage_is_begun_with_the_weights_before_it_or_continued(tmp_path):
    stages = make(tmp_path / "all", STAND, WALK, finished=1, gpus=2, checkpoint="own.count")
    begun, new = stages.command(1), stages.command(2)
    assert begun[4:] == [STAND, f"--resume={tmp_path}/all/stage_1", "--gpus=2"]
    run = f"{tmp_path}/all/stage"
    assert new[4:] == [WALK, "--seed=3", f"--checkpoint={run}_1", f"--log-dir={run}_2"]
    (tmp_path / "all/stage_1/params/agent.json").unlink()
    assert "--checkpoint=own.count" in stages.command(1)


def test_a_task_names_its_stage_and_the_doctor_finds_those_that_cannot_be_trained(stages_catalog):
    listed = json.loads(CliRunner().invoke(root, ["list", "tasks", "--json"]).output)["tasks"]
    assert {row["name"]: row["warm_start"] for row in listed}[WALK] == STAND
    assert json.loads(CliRunner().invoke(root, ["info", WALK, "--json"]).output)["warm_start"] == STAND
    assert f"begins with the policy of {STAND}" in CliRunner().invoke(root, ["info", WALK]).output
    problems = [finding.problem for finding in check_plugins(stages_catalog) if finding.severity == "error"]
    assert len([problem for problem in problems if "circle" in problem]) == 2
    assert any("Sample-Orphan-v0 begins with" in problem for problem in problems)


@pytest.mark.parametrize("name", ["two words", "", "dist::id"])
def test_a_warm_start_is_a_plain_name(name):
    with pytest.raises(ValueError, match="warm_start must be a task's id"):
        TaskSpec(id="A-v0", config="a:b", warm_start=name)


def test_an_unknown_stage_is_a_usage_error_that_names_the_plugin(stages_catalog):
    with pytest.raises(UsageError, match="sample_stages") as caught:
        training_stages(stages_catalog, "Sample-Orphan-v0")
    assert "TaskSpec.warm_start" in (caught.value.where or "")
