"""What a run leaves on disk, and that it can be read back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genelab.api import RunEvent
from genelab.config.serialization import to_json
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.plugins.tasks import load_task
from genelab.runs.plan import TrainRequest
from genelab.runs.run_dir import RunDir, claim_run_dir, create_run_dir, open_run_dir, run_dir_of
from genelab.runs.run_lock import RunLock
from genelab.runs.training import train
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"


@pytest.fixture
def run(workspace) -> RunDir:
    return RunDir(train(TrainRequest(task_id=TASK, overrides=[("env.seed", "7")])).run_dir)


def test_a_run_lies_below_logs_by_backend_experiment_and_time(run):
    logs, backend, experiment, stamp = run.path.parts
    assert (logs, backend, experiment) == ("logs", "sample", "counter")
    assert len(stamp) == len("2026-01-31_12-00-00")


def test_two_runs_in_the_same_second_get_different_folders(tmp_path):
    paths = {create_run_dir("b", "e", "x y/z", root=tmp_path).path for _ in range(3)}
    assert len(paths) == 3
    assert all(path.parent == tmp_path / "b" / "e" and "_x-y-z" in path.name for path in paths)


def test_configs_come_back_as_they_were(run, sample_catalog):
    cfg = run.read_params(sample_catalog.trusts)
    expected = load_task(TASK, overrides=[("env.seed", "7")]).cfg
    assert to_json(cfg) == to_json(expected)
    assert cfg.env.seed == cfg.play_env.seed == 7


def test_configs_come_back_without_the_registry(run, sample_catalog):
    with use_catalog(Catalog([], Selection())):
        cfg = run.read_params(sample_catalog.trusts)
    assert cfg.agent.experiment_name == "counter"


def test_configs_that_name_foreign_code_are_refused(run, sample_catalog):
    path = run.path / "params" / "agent.json"
    path.write_text(path.read_text().replace("sample_runs:CounterAgentCfg", "subprocess:Popen"))
    with pytest.raises(UsageError, match="subprocess"):
        run.read_params(sample_catalog.trusts)


def test_foreign_code_is_refused_though_a_trusted_module_has_imported_it(run, sample_catalog):
    path = run.path / "params" / "agent.json"
    path.write_text(
        path.read_text().replace("sample_runs:CounterAgentCfg", "genelab.plugins.child_process:subprocess.Popen")
    )
    with pytest.raises(UsageError, match="subprocess"):
        run.read_params(sample_catalog.trusts)
    assert "Popen" in run.path.joinpath("params", "agent.json").read_text()


def test_configs_that_no_longer_fit_are_a_clear_error(run, sample_catalog):
    path = run.path / "params" / "agent.json"
    path.write_text(path.read_text().replace("iteration_s", "no_such_field"))
    with pytest.raises(GenelabError, match="cannot be rebuilt"):
        run.read_params(sample_catalog.trusts)


def test_provenance_says_what_made_the_run(run):
    origin = run.provenance()
    assert origin["task"] == TASK
    assert origin["seeds"] == {"env": 7, "agent": 42}
    assert {"python", "torch", "genelab-core"} <= set(origin["versions"])
    assert origin["plugins"][0]["records"] == [TASK, "sample"]
    assert origin["hardware"]["cpus"] >= 1
    assert origin["git"] is None


def test_status_names_the_last_checkpoint(run):
    status = run.status()
    assert (status["status"], status["checkpoint"], status["iteration"]) == ("finished", "model_4.count", 4)


def test_each_checkpoint_says_what_it_was_trained_on(run):
    meta = json.loads((run.path / "model_2.count.meta.json").read_text())
    assert meta["task"] == TASK
    assert set(meta["observation_layout"]) == {"policy", "critic"}
    assert meta["action_dim"] == 2


def test_a_named_directory_that_holds_a_run_is_not_written_over(run):
    with pytest.raises(UsageError, match="holds a run already"):
        claim_run_dir(run.path)


def test_a_file_knows_the_run_it_lies_in(run, tmp_path):
    assert run_dir_of(run.path / "model_2.count") == run
    assert run_dir_of(run.path / "checkpoints" / "deeper.count") == run
    assert run_dir_of(tmp_path) is None


def test_what_is_not_a_run_is_refused_with_what_it_is(run, tmp_path):
    with pytest.raises(UsageError, match="no such run"):
        open_run_dir(tmp_path / "nothing")
    with pytest.raises(UsageError, match="not a run directory"):
        open_run_dir(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        open_run_dir(run.path / "model_2.count")


def test_a_second_process_is_refused_and_told_who_holds_the_run(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(UsageError, match=f"process {holder.pid} on"), RunLock(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    with RunLock(tmp_path):  # the lock of a process that was killed does not stay
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()


HOLD = """
import sys
from pathlib import Path
from genelab.runs.run_lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_observers_hear_of_start_checkpoints_and_end(workspace, sample_catalog, monkeypatch):
    heard: list[RunEvent] = []
    monkeypatch.setattr(sample_catalog, "notify", heard.append)
    report = train(TrainRequest(task_id=TASK))
    assert [event.kind for event in heard] == ["run_started", "checkpoint_saved", "checkpoint_saved", "run_finished"]
    assert {event.run_dir for event in heard} == {str(report.run_dir)}
    assert [Path(event.data["path"]).name for event in heard[1:3]] == ["model_2.count", "model_4.count"]
