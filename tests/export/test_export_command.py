"""`genelab export` with checkpoints that rsl_rl trained."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_export_tasks
import torch
from click.testing import CliRunner, Result

import genelab
import genelab.envs.make
from genelab.cli.export import command
from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.runs.exporting import export_checkpoint
from genelab.runs.plan import TrainRequest
from genelab.runs.source import open_source
from genelab.runs.training import train
from genelab.testing import FakeVecEnv
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import sha256_file

KINDS = ["Mlp", "Gru", "Lstm"]


def fake_env(cfg: Any, *, num_envs: int | None = None, **options: Any) -> FakeVecEnv:
    return FakeVecEnv(
        num_envs or cfg.simulation.num_envs, max_episode_length=12, failure_steps=(3, 9), history_length=2
    )


@pytest.fixture(scope="module", autouse=True)
def sample_catalog() -> Iterator[None]:
    plugin = str(Path(sample_export_tasks.__file__))
    installed = [item for item in installed_candidates() if item.name in ("core", "backend-rslrl")]
    with (
        pytest.MonkeyPatch.context() as patch,
        use_catalog(Catalog([*installed, *extra_candidates([plugin])], Selection())),
    ):
        patch.setattr(genelab.envs.make, "make_env", fake_env)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run directories by kind of network."""
    root = tmp_path_factory.mktemp("runs")
    for kind in KINDS:
        train(TrainRequest(task_id=f"Sample-Export-{kind}-v0", log_dir=root / kind))
    return {kind: root / kind for kind in KINDS}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in arguments], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("name", ["policy.ts", "policy.onnx"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_run_acts_as_its_checkpoint(runs: dict[str, Path], here: Path, kind: str, name: str):
    task = f"Sample-Export-{kind}-v0"
    result = export(task, runs[kind], "--format", {"policy.ts": "torchscript", "policy.onnx": "onnx"}[name])
    assert sorted(file.name for file in here.iterdir()) == [name, f"{name}.metadata.json"]
    assert name in result.stdout
    assert "batch sizes 1 and 64" in result.stdout
    env = fake_env(None, num_envs=5)
    env.raw_observations = True
    live, stored = open_source(task, runs[kind]).policy(env), open_source(task, here / name).policy(env)
    assert stored.kind == "export"
    observations, _ = env.reset(seed=4)
    for _ in range(30):
        actions = live(observations)
        assert torch.allclose(stored(observations), actions, atol=1e-5)
        assert float(actions.abs().max()) <= 0.5
        observations, _, terminated, truncated, _ = env.step(actions)
        live.reset(terminated | truncated)
        stored.reset(terminated | truncated)


@pytest.mark.parametrize("name", ["model_final.pt", "policy.ts"])
def test_an_evaluation_hashes_the_file_once_and_reads_what_is_said_of_it_once(
    runs: dict[str, Path], here: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    for file in runs["Mlp"].glob("model_final.pt*"):
        shutil.copy(file, here)
    export("Sample-Export-Mlp-v0", runs["Mlp"])
    done: Counter[str] = Counter()
    digest, read_text = hashlib.file_digest, Path.read_text
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: done.update([file.name]) or digest(file, kind))
    monkeypatch.setattr(Path, "read_text", lambda path, **how: done.update([str(path)]) or read_text(path, **how))
    document = genelab.evaluate("Sample-Export-Mlp-v0", here / name, episodes=2)
    assert document["policy"]["sha256"] == sha256_file(here / name)
    sidecar = {"model_final.pt": ".meta.json", "policy.ts": ".metadata.json"}[name]
    assert {Path(path).name: count for path, count in done.items() if name in path} == {name: 2, name + sidecar: 1}


def test_metadata_names_task_and_checkpoint(runs: dict[str, Path], here: Path):
    checkpoint = runs["Mlp"] / "model_final.pt"
    export("Sample-Export-Mlp-v0", checkpoint, "--out", here / "deep" / "walker.ts")
    metadata = json.loads((here / "deep" / "walker.ts.metadata.json").read_text())
    assert metadata["task"] == "Sample-Export-Mlp-v0"
    assert metadata["checkpoint"] == str(checkpoint)
    assert metadata["checkpoint_sha256"] == sha256_file(checkpoint)
    assert metadata["algorithm"] == "PPO"
    assert metadata["format"] == "torchscript"


def test_the_opset_is_an_option_of_onnx_only(runs: dict[str, Path], here: Path):
    export("Sample-Export-Mlp-v0", runs["Mlp"], "-f", "onnx", "--opset", "18")
    assert json.loads((here / "policy.onnx.metadata.json").read_text())["opset"] == 18
    with pytest.raises(UsageError, match="torchscript format has no option 'opset'"):
        export("Sample-Export-Mlp-v0", runs["Mlp"], "--opset", "18")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_an_existing_file_needs_force(runs: dict[str, Path], here: Path):
    (here / "policy.ts").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export("Sample-Export-Mlp-v0", runs["Mlp"])
    assert (here / "policy.ts").read_text() == "mine"
    export("Sample-Export-Mlp-v0", runs["Mlp"], "--force")
    assert torch.jit.load(str(here / "policy.ts"))


@pytest.mark.parametrize("what", ["zero", "random"])
def test_policies_without_a_network_cannot_be_exported(here: Path, what: str):
    with pytest.raises(UsageError, match=f"cannot export {what}: it has no network"):
        export("Sample-Export-Mlp-v0", what)


def test_an_exported_file_cannot_be_exported(runs: dict[str, Path], here: Path):
    export("Sample-Export-Mlp-v0", runs["Mlp"])
    with pytest.raises(UsageError, match="is an exported file already"):
        export("Sample-Export-Mlp-v0", "policy.ts", "--out", "again.ts")


def test_a_file_name_of_another_format_is_refused(runs: dict[str, Path], here: Path):
    with pytest.raises(UsageError, match=r"policy.ts is no name for a onnx file[\s\S]*--out policy.onnx"):
        export("Sample-Export-Mlp-v0", runs["Mlp"], "-f", "onnx", "--out", "policy.ts")


def test_a_checkpoint_of_another_task_is_refused(runs: dict[str, Path], here: Path):
    with pytest.raises(GenelabError, match="Sample-Export-Mlp-v0"):
        export("Sample-Export-Gru-v0", runs["Mlp"])
    assert not list(here.iterdir())


def test_what_can_be_checked_early_is_checked_before_the_environment_is_made(
    runs: dict[str, Path], here: Path, monkeypatch: pytest.MonkeyPatch
):
    def no_env(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("an environment was made")

    monkeypatch.setattr(genelab.envs.make, "make_env", no_env)
    wrong: list[dict[str, Any]] = [{"format": "torchscrpt"}, {"out": "policy.bin"}, {"opset": 17}]
    wrong += [{"format": "onnx", "opset": opset} for opset in (5, 999)]
    for arguments in wrong:
        with pytest.raises(UsageError):
            export_checkpoint("Sample-Export-Mlp-v0", runs["Mlp"], **arguments)


def test_an_unknown_format_is_answered_at_once_with_the_nearest(tmp_path: Path):
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "genelab", "export", "Any-Task-v0", "x.pt", "--format", "onxx"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "GENELAB_PLUGINS": "core"},
    )
    seconds = time.perf_counter() - start
    assert process.returncode == 2
    assert "unknown export format 'onxx'" in process.stderr
    assert "did you mean onnx?" in process.stderr
    imported = {
        line.rpartition("|")[2].strip() for line in process.stderr.splitlines() if line.startswith("import time")
    }
    assert not imported & {"torch", "numpy", "genesis"}
    assert seconds < 2.0  # 0.1 s on an idle machine; other tests may share its processor
