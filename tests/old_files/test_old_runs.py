"""What an old version wrote to disk: it opens, acts, goes on and compares today as it did then."""

from __future__ import annotations

import io
import json
import lzma
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import old_world
import pytest
import torch
from click.testing import CliRunner
from old_world import SECOND, TASK

import genelab.envs.make
from genelab.benchmark.running import measured_inputs
from genelab.benchmark.suite import entry_names, read_suite
from genelab.cli import root
from genelab.eval.comparison import protocol_differences
from genelab.eval.report import read_report
from genelab.jobs.seeds import MultiSeed
from genelab.jobs.stages import Stages
from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.profiling.recordings import find_recording
from genelab.rl.demonstrations import read_demonstration_arrays
from genelab.runs.run_dir import open_run_dir
from genelab.runs.source import open_source
from genelab.testing import FakeVecEnv
from genelab_tasks_locomotion.motion.clip_file import read_clip

DATA = Path(__file__).parent / "data"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text())
RUNS = list(EXPECTED["resumed"])


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old files. Tests do not change them."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress((DATA / "files.tar.xz").read_bytes()))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(autouse=True)
def files(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The old files as working directory, the plugin that they were made with, and its environments."""
    monkeypatch.chdir(unpacked)
    monkeypatch.setattr(genelab.envs.make, "make_env", old_world.make_env)
    with use_catalog(Catalog([*installed_candidates(), *extra_candidates([old_world.__file__])], Selection())):
        yield unpacked


def genelab_command(*words: object, status: int = 0) -> str:
    """Call `genelab` in this process; it must end with this exit status."""
    result = CliRunner().invoke(root, [str(word) for word in words], standalone_mode=False)
    assert (result.exception, result.return_value or 0) == (None, status), result.output
    return result.output


def actions_of(what: Path) -> torch.Tensor:
    """Return what a policy did in 15 steps of three envs when `expected.json` was written."""
    env = FakeVecEnv(3, success_probability=0.7, failure_steps=(3, 9), seed=5, **old_world.SHAPE)
    env.raw_observations = True
    policy, rows = open_source(TASK, what).policy(env), []
    observations, _ = env.reset(seed=5, options={"evaluation": True})
    for _ in range(15):
        rows.append(policy(observations))
        observations, _, terminated, truncated, _ = env.step(rows[-1])
        policy.reset(terminated | truncated)
    return torch.stack(rows)


@pytest.mark.parametrize("what", EXPECTED["actions"])
def test_a_checkpoint_or_exported_file_acts_as_it_did(files: Path, what: str) -> None:
    assert torch.allclose(actions_of(files / what), torch.tensor(EXPECTED["actions"][what]), atol=1e-5)


@pytest.mark.parametrize("run", RUNS)
def test_a_training_goes_on_to_the_policy_that_it_went_on_to_then(files: Path, tmp_path: Path, run: str) -> None:
    then = EXPECTED["resumed"][run]
    copy = shutil.copytree(files / run, tmp_path / run)
    genelab_command("train", TASK, "--resume", copy, "--max-iterations", then["max_iterations"])
    today = open_run_dir(copy)
    assert (today.status()["status"], today.status()["iteration"]) == ("finished", then["max_iterations"])
    assert [origin["checkpoint"] for origin in today.provenance()["resumed"]] == [
        json.loads((files / run / "status.json").read_text())["checkpoint"]
    ]
    assert torch.allclose(actions_of(copy), torch.tensor(then["actions"]), atol=2e-4)
    assert not torch.allclose(actions_of(copy), torch.tensor(EXPECTED["actions"][run]), atol=2e-4)


@pytest.mark.parametrize("run", RUNS)
def test_an_evaluation_compares_with_the_same_one_of_today(files: Path, tmp_path: Path, run: str) -> None:
    then = read_report(files / run / "eval.json")
    schema = Path(genelab.__file__).parent / "eval/eval.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(then.to_json())
    new = tmp_path / "eval.json"
    genelab_command("eval", TASK, run, "--episodes", 20, "--num-envs", 6, "--out", new)
    today = read_report(new)
    assert protocol_differences(then, today) == []
    assert today.protocol == then.protocol
    assert today.policy == then.policy
    for row, again in zip(then.episodes, today.episodes, strict=True):
        assert again == {**row, "return": pytest.approx(row["return"], abs=1e-4), "metrics": again["metrics"]}
    for candidate in (files / run / "eval.json", new):
        assert genelab_command("compare", files / run / "eval.json", candidate).endswith("\npass\n")


def test_rows_in_a_file_of_their_own_are_those_of_the_same_evaluation(files: Path) -> None:
    assert isinstance(json.loads((files / "eval_with_rows.json").read_text())["episodes"], dict)
    rows = read_report(files / "eval_with_rows.json").episodes
    assert rows == read_report(files / "rsl_rl/eval.json").episodes


def test_demonstrations_are_read_and_a_half_recorded_file_is_completed(files: Path, tmp_path: Path) -> None:
    arrays, about = read_demonstration_arrays(files / "demos.npz")
    assert (about["task"], about["steps"], arrays["actions"].shape) == (TASK, 30, (30, 4, 2))
    shutil.copytree(files / "cut.npz.partial", tmp_path / "cut.npz.partial")
    words = ("--num-envs", 4, "--steps", 30, "--save-every", 10, "--out", tmp_path / "cut.npz")
    genelab_command("demos", "collect", TASK, *words)
    again, _ = read_demonstration_arrays(tmp_path / "cut.npz")
    assert set(again) == set(arrays) and all(np.allclose(again[name], arrays[name], atol=1e-6) for name in arrays)


def test_seeds_are_known_to_be_finished_and_are_taken_together(files: Path, tmp_path: Path) -> None:
    seeds = MultiSeed.open(files / "seeds")
    assert (seeds.seeds, seeds.unfinished()) == ([1, 2], [])
    assert "seeds are finished" in genelab_command("train", TASK, "--resume", "seeds", status=2)
    genelab_command("aggregate", "seeds", "--no-curves", "--out", tmp_path / "aggregate.json")
    then, today = (json.loads((at / "aggregate.json").read_text()) for at in (files, tmp_path))
    assert {**today, "created_at": None} == {**then, "created_at": None}
    genelab_command("report", "seeds", "--out", tmp_path / "report.html")
    assert "seed_1" in (tmp_path / "report.html").read_text()


def test_stages_are_known_to_be_finished(files: Path) -> None:
    stages = Stages.open(files / "stages")
    assert (stages.tasks, stages.unfinished()) == ([TASK, SECOND], [])
    assert "stages are finished" in genelab_command("train", SECOND, "--resume", "stages", status=2)
    assert open_run_dir(files / "stages/stage_2").provenance()["warm_start"].startswith("stages/stage_1")


def test_a_benchmark_is_not_measured_again_and_serves_as_reference(files: Path, tmp_path: Path) -> None:
    shutil.copytree(files / "benchmark", tmp_path / "benchmark")
    shutil.copytree(files / "rsl_rl", tmp_path / "rsl_rl")
    then = json.loads((tmp_path / "benchmark/compared/benchmark.json").read_text())
    suite, out, reference = (tmp_path / "benchmark" / name for name in ("suite.json", "compared", "out"))
    for name, entry in zip(entry_names(entries := read_suite(suite)), entries, strict=True):
        inputs, today = json.loads((out / name / "inputs.json").read_text()), measured_inputs(entry)
        (out / name / "inputs.json").write_text(json.dumps({**inputs, "versions": today["versions"]}))
    genelab_command("benchmark", "--suite", suite, "--out", out, "--reference", reference)
    today = json.loads((out / "benchmark.json").read_text())
    assert today["complete"] and [entry["state"] for entry in today["entries"]] == ["finished"] * 2
    for entry, before in zip(today["entries"], then["entries"], strict=True):
        assert {**entry, "inputs": None} == {**before, "inputs": None}


def test_a_recorded_profile_is_found_with_its_table(files: Path) -> None:
    profile = find_recording(files / "profiled")
    assert [path.name for path in profile.traces] == ["2026-11-27_20-34-39_trace_1.json.gz"]
    assert profile.report is not None
    assert [row.path for row in profile.report.rows] == [["update"], ["policy"], ["env.step"]]
    assert profile.report.step_ms == pytest.approx(539.155, abs=1e-3)


def test_a_motion_clip_is_read(files: Path) -> None:
    clip, then = read_clip(files / "sway.npz"), EXPECTED["clip"]
    assert (clip.fps, list(clip.joint_names), list(clip.body_names)) == (
        then["fps"],
        then["joint_names"],
        then["body_names"],
    )
    assert np.allclose(clip.joint_pos[-1], then["last_joint_pos"], atol=1e-5)
    assert np.allclose(clip.body_pos[-1, 0], then["last_pelvis"], atol=1e-5)


@pytest.mark.parametrize("robot", EXPECTED["sim2sim"])
def test_an_exported_policy_drives_its_robot_in_mujoco_as_it_did(files: Path, tmp_path: Path, robot: str) -> None:
    """The metadata names the terms, the actuators and the commands; the reference rollout lies beside."""
    then, out = EXPECTED["sim2sim"][robot], tmp_path / "sim2sim.json"
    options = ("--episodes", 2, "--seed", 3, "--eval_env.episode_length_s", "1.0", "--out", out)
    genelab_command("sim2sim", then["task"], then["file"], *options)
    today = json.loads(out.read_text())
    episodes = today["evaluation"]["episodes"]
    assert [row["length"] for row in episodes] == then["lengths"]
    assert [row["return"] for row in episodes] == pytest.approx(then["returns"], abs=0.02)
    assert max(today["checks"]["observations"].values()) < 1e-5 and today["checks"]["left_out"] == {}
    for name, largest in then["open_loop"].items():
        found = max(today["trajectory"]["open_loop"][name]["largest_per_step"])
        assert found == pytest.approx(largest, rel=0.2, abs=1e-5)
