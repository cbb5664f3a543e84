"""The same policies, from the same starts, in Genesis and in MuJoCo."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from genelab.envs import make
from genelab.runs.evaluation import evaluate
from genelab.sim2sim.command import command as cli_command
from genelab.sim2sim.documents import Sim2simRequest
from genelab.sim2sim.running import sim2sim
from genelab.utils.errors import UsageError

pytestmark = pytest.mark.genesis


def measured(task, policy, **options):
    return sim2sim(Sim2simRequest(task, policy, **options)).to_json()


@pytest.fixture
def in_genesis(monkeypatch):
    """Return a function that evaluates an exported policy in the environment that is already built."""

    def run(exported, out, **options):
        lent = exported.env
        monkeypatch.setattr(make, "make_env", lambda cfg, **built: lent)
        monkeypatch.setattr(lent, "close", lambda: None)
        return evaluate(exported.task, exported.path, out=out, num_envs=8, **options)

    return run


@pytest.fixture(scope="module")
def reports():
    return {}


@pytest.fixture
def pendulum_report(pendulum, in_genesis, tmp_path, reports):
    """What `sim2sim` says of the balancing law, against Genesis."""
    if "pendulum" not in reports:
        in_genesis(pendulum, tmp_path / "eval.json", episodes=8, seed=3)
        reports["pendulum"] = measured(
            pendulum.task, pendulum.path, episodes=8, seed=3, against=tmp_path / "eval.json", out=tmp_path / "s.json"
        )
        assert json.loads((tmp_path / "s.json").read_text()) == reports["pendulum"]
    return reports["pendulum"]


@pytest.fixture
def quadruped_report(quadruped, in_genesis, tmp_path, reports):
    if "quadruped" not in reports:
        in_genesis(quadruped, tmp_path / "eval.json", episodes=8, seed=3)
        reports["quadruped"] = measured(
            quadruped.task, quadruped.path, episodes=8, seed=3, against=tmp_path / "eval.json"
        )
    return reports["quadruped"]


def difference(report, metric):
    (row,) = [row for row in report["differences"] if row["metric"] == metric]
    return row


def test_episodes_begin_as_in_genesis(pendulum, in_genesis, tmp_path, pendulum_report):
    genesis = in_genesis(pendulum, tmp_path / "again.json", episodes=8, seed=3)
    ours = [row["init_hash"] for row in pendulum_report["evaluation"]["episodes"]]
    assert ours == [row["init_hash"] for row in genesis["episodes"]]


def test_a_cart_pole_without_contacts_does_the_same_in_both_simulators(pendulum_report):
    assert pendulum_report["warnings"] == ["8 episodes: intervals are wide"]
    assert difference(pendulum_report, "length")["largest"] == 0
    assert difference(pendulum_report, "return")["reference"] > 3.9
    assert difference(pendulum_report, "return")["largest"] < 1e-5
    for loop in ("open_loop", "closed_loop"):
        assert max(pendulum_report["trajectory"][loop]["joint_pos"]["largest_per_step"]) < 1e-5


def test_the_metadata_alone_gives_the_observations_of_both_environments(pendulum_report, quadruped_report):
    for report in (pendulum_report, quadruped_report):
        against_genesis, against_referee = report["trajectory"]["observations"], report["checks"]["observations"]
        assert max(against_genesis.values()) < 1e-5
        assert max(against_referee.values()) < 1e-5
        assert report["checks"]["targets"] < 1e-6
    assert {"policy.imu_velocity", "policy.command", "policy.age"} < set(against_genesis)


def test_a_term_that_only_genesis_can_compute_is_left_out_and_named(pendulum_report, quadruped_report):
    assert pendulum_report["checks"]["left_out"] == {}
    (left_out,) = quadruped_report["checks"]["left_out"].items()
    assert left_out[0] == "metrics.spin" and "masses" in left_out[1]
    assert any(line.startswith("metrics.spin is left out") for line in quadruped_report["warnings"])
    assert "spin" not in quadruped_report["evaluation"]["aggregates"]["custom"]


def test_a_robot_on_its_feet_stays_close_with_every_actuator_model(quadruped_report):
    open_loop = quadruped_report["trajectory"]["open_loop"]
    assert max(open_loop["joint_pos"]["largest_per_step"]) < 1e-2
    assert max(open_loop["base_pos"]["largest_per_step"]) < 2e-3
    assert max(open_loop["base_angle"]["largest_per_step"]) < 1e-2
    effort = difference(quadruped_report, "reward effort")
    assert effort["largest"] < 0.1 * abs(effort["reference"])


def test_sensors_of_the_task_measure_the_other_simulators_robot(quadruped_report):
    feet = difference(quadruped_report, "feet_on_ground")
    assert feet["reference"] > 1.0
    assert abs(feet["difference"]) < 0.5


def test_a_wrong_gain_in_the_metadata_shows_as_another_trajectory(pendulum, tmp_path):
    path = tmp_path / "policy.ts"
    for file in pendulum.path.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    metadata = json.loads((tmp_path / "policy.ts.metadata.json").read_text())
    metadata["deployment"]["robots"]["robot"]["actuators"]["cart"]["stiffness"] = [40.0]
    metadata["actuation"]["action_terms"][0]["scale"] = [1.5]
    (tmp_path / "policy.ts.metadata.json").write_text(json.dumps(metadata))
    report = measured(pendulum.task, path, episodes=2)
    assert max(report["trajectory"]["open_loop"]["joint_pos"]["largest_per_step"]) > 1e-3
    assert report["checks"]["targets"] > 1e-4
    assert any("has the task changed" in warning for warning in report["warnings"])


def test_a_command_script_replaces_the_commands_of_the_task(quadruped):
    report = measured(quadruped.task, quadruped.path, episodes=2, command="vx=1 for 0.5s; velocity=0,1")
    assert report["command"] == "vx=1 for 0.5s; velocity=0,1"
    metadata = json.loads(Path(f"{quadruped.path}.metadata.json").read_text())
    assert metadata["deployment"]["commands"]["velocity"]["components"] == ["vx", "vy"]
    assert "policy.command" not in report["checks"]["observations"]
    with pytest.raises(UsageError, match="2 elements"):
        measured(quadruped.task, quadruped.path, episodes=2, command="velocity=1")


def test_an_evaluation_of_other_episodes_is_refused(pendulum, in_genesis, tmp_path):
    in_genesis(pendulum, tmp_path / "eval.json", episodes=2, seed=1)
    with pytest.raises(UsageError, match="seed: 1 against 0"):
        measured(pendulum.task, pendulum.path, episodes=2, against=tmp_path / "eval.json")


def test_the_command_prints_differences_and_writes_the_file(pendulum, in_genesis, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    in_genesis(pendulum, tmp_path / "eval.json", episodes=4)
    arguments = [pendulum.task, str(pendulum.path), "--episodes", "4", "--against", "eval.json"]
    result = CliRunner().invoke(cli_command, arguments, catch_exceptions=False, standalone_mode=False)
    assert "differences, episode by episode" in result.output
    assert "joint_pos, policy in the loop" in result.output
    document = json.loads(Path("sim2sim.json").read_text())
    assert document["engine"]["name"] == "mujoco"
    assert np.isfinite(document["evaluation"]["metrics"]["return_mean"])


def test_the_exported_model_must_be_the_tasks(pendulum, tmp_path):
    for file in pendulum.path.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    sidecar = tmp_path / "policy.ts.metadata.json"
    metadata = json.loads(sidecar.read_text())
    metadata["deployment"]["robots"]["robot"]["mjcf_sha256"] = "0" * 64
    sidecar.write_text(json.dumps(metadata))
    with pytest.raises(Exception, match="is not the one that the policy was exported with"):
        measured(pendulum.task, tmp_path / "policy.ts", episodes=2)
