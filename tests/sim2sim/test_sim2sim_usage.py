"""What `genelab sim2sim` refuses before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from genelab.sim2sim.command import command
from genelab.utils.errors import GenelabError, UsageError

TASK = "GeneLab-Inverted-Pendulum-v0"
EXPORTED = Path(__file__).parents[2] / "docs" / "how-to" / "sim2sim"


@pytest.fixture
def policy(tmp_path, monkeypatch):
    """The exported policy of the documentation, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for file in EXPORTED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / "policy.onnx"


def run(*arguments):
    return CliRunner().invoke(command, [TASK, *map(str, arguments)], catch_exceptions=False, standalone_mode=False)


def change(policy, **changes):
    sidecar = policy.with_name(policy.name + ".metadata.json")
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), **changes}))


def test_only_exported_files_are_run(policy):
    with pytest.raises(UsageError, match=r"model_9.pt is not an exported policy: their names end in .onnx or .ts"):
        run("model_9.pt")


def test_engines_are_known_by_name(policy):
    with pytest.raises(UsageError, match="unknown engine 'mujoko'"):
        run(policy, "--engine", "mujoko")


def test_results_are_not_replaced_unasked(policy):
    Path("sim2sim.json").write_text("{}")
    with pytest.raises(UsageError, match="exists already"):
        run(policy)


def test_a_script_of_commands_has_no_counterpart_in_genesis(policy):
    with pytest.raises(UsageError, match="exclude each other"):
        run(policy, "--command", "x=1", "--against", "eval.json")


def test_a_policy_without_commands_takes_no_script(policy):
    with pytest.raises(UsageError, match="unknown command 'velocity'"):
        run(policy, "--command", "velocity=1")


def test_files_from_before_the_description_are_to_be_exported_again(policy):
    change(policy, deployment=None)
    with pytest.raises(UsageError, match="does not describe the robot's physics"):
        run(policy)


def test_a_policy_of_another_control_step_is_refused(policy):
    with pytest.raises(UsageError, match=r"acts every 0.01 s, and today's task every 0.02 s"):
        run(policy, "--eval_env.decimation", "4")


def test_what_changed_in_the_task_since_the_export_is_said(policy):
    run(policy, "--episodes", "1", "--eval_env.episode_length_s", "0.1")
    changed = [line for line in json.loads(Path("sim2sim.json").read_text())["warnings"] if "has changed" in line]
    assert changed == ["the task has changed: episode_length_s: 10.0 when it was exported, 0.1 today"]


def test_a_reference_rollout_that_was_changed_is_refused(policy):
    reference = policy.with_name(policy.name + ".reference.npz")
    reference.write_bytes(reference.read_bytes() + b"x")
    with pytest.raises(GenelabError, match="is not the file that was written with the policy"):
        run(policy, "--episodes", "1", "--eval_env.episode_length_s", "0.1")


def test_without_a_reference_rollout_there_is_no_trajectory(policy):
    change(policy, reference=None)
    run(policy, "--episodes", "1", "--eval_env.episode_length_s", "0.1")
    document = json.loads(Path("sim2sim.json").read_text())
    assert document["trajectory"] is None
    assert document["evaluation"]["aggregates"]["length"]["mean"] == 10


def test_the_documentations_policy_was_exported_with_the_pendulum_of_today(policy):
    run(policy, "--episodes", "2", "--eval_env.episode_length_s", "0.5", "--json")
    document = json.loads(Path("sim2sim.json").read_text())
    assert max(document["trajectory"]["closed_loop"]["joint_pos"]["largest_per_step"]) < 1e-5
    assert max(document["checks"]["observations"].values()) < 1e-5
