"""What goes wrong with exported files, and that nothing half-made is left."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sample_actors import AWKWARD, AwkwardEnv, make_setup

from genelab.export.onnx import OnnxExporter
from genelab.export.policy import ExportedPolicy
from genelab.export.torchscript import TorchScriptExporter
from genelab.export.writing import export_policy
from genelab.managers.observation_layout import ObservationLayout
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import sha256_file

Exported = Callable[[str, str], Path]
FORMATS = ["torchscript", "onnx"]


def copied(path: Path, folder: Path) -> Path:
    shutil.copy(f"{path}.metadata.json", folder)
    return Path(shutil.copy(path, folder))


def export(path: Path, env: AwkwardEnv | None = None, exporter: Any = None, **options: Any) -> dict[str, Any]:
    return export_policy(
        make_setup("mlp"),
        env or AwkwardEnv(2),
        path,
        task="Some-Task-v0",
        exporter=exporter or TorchScriptExporter(),
        format="torchscript",
        **options,
    )


class MisalignedEnv(AwkwardEnv):
    """In training it gives other observations than its layout says."""

    def get_observations(self) -> dict[str, torch.Tensor]:
        observations = super().get_observations()
        if not self.raw_observations:
            observations["policy"] = observations["policy"] * 1.01
        return observations


class BrokenExporter(TorchScriptExporter):
    """Writes a good file and reads it back wrongly."""

    def __init__(self, error: Any) -> None:
        self.error = error

    def load(self, path: Path, metadata: dict[str, Any]) -> Callable[..., tuple[torch.Tensor, ...]]:
        run = super().load(path, metadata)
        return lambda obs: (self.error(run(obs)[0]),)


def test_a_scale_that_is_not_the_environments_fails_parity_and_leaves_no_file(tmp_path: Path):
    with pytest.raises(GenelabError, match="not the same policy"):
        export(tmp_path / "policy.ts", env=MisalignedEnv(2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [lambda actions: actions + 1e-4, lambda actions: actions * torch.nan, lambda actions: actions[:, :1]],
    ids=["small", "nan", "width"],
)
def test_a_file_that_acts_otherwise_never_gets_its_name(tmp_path: Path, error: Any):
    with pytest.raises(GenelabError, match="actions"):
        export(tmp_path / "policy.ts", exporter=BrokenExporter(error))
    assert not list(tmp_path.iterdir())


def test_a_failed_export_with_force_keeps_the_earlier_file(tmp_path: Path):
    path = tmp_path / "policy.ts"
    export(path)
    before = sha256_file(path)
    with pytest.raises(GenelabError):
        export(path, exporter=BrokenExporter(lambda actions: actions + 1.0), force=True)
    assert sha256_file(path) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["policy.ts", "policy.ts.metadata.json"]
    ExportedPolicy(path, AWKWARD)


@pytest.mark.parametrize("existing", ["policy.ts", "policy.ts.metadata.json"])
def test_existing_files_are_not_replaced_without_force(tmp_path: Path, existing: str):
    (tmp_path / existing).write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export(tmp_path / "policy.ts")
    assert (tmp_path / existing).read_text() == "mine"
    export(tmp_path / "policy.ts", force=True)
    ExportedPolicy(tmp_path / "policy.ts", AWKWARD)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_file_is_refused(exported: Exported, tmp_path: Path, format: str, damage: str):
    path = copied(exported("mlp", format), tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes({"cut": content[:-100], "flip": content, "empty": b""}[damage])
    with pytest.raises(GenelabError, match="SHA-256"):
        ExportedPolicy(path, AWKWARD)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_no_policy_is_refused_even_with_the_right_hash(exported: Exported, tmp_path: Path, format: str):
    path = copied(exported("mlp", format), tmp_path)
    path.write_bytes(b"no policy at all")
    sidecar = Path(f"{path}.metadata.json")
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "sha256": sha256_file(path)}))
    with pytest.raises(GenelabError, match=r"is not a (usable ONNX|TorchScript) file"):
        ExportedPolicy(path, AWKWARD)


def test_another_layout_is_refused_term_by_term(exported: Exported):
    policy = AWKWARD.groups["policy"]
    terms = (replace(policy.terms[0], scale=(1.0, 2.0, -0.5)), *policy.terms[1:])
    other = ObservationLayout({**AWKWARD.groups, "policy": replace(policy, terms=terms)})
    with pytest.raises(GenelabError, match=r"group policy, term 0: vector\[3\] scale \[1.0, 20.0, -0.5\]") as caught:
        ExportedPolicy(exported("mlp", "onnx"), other)
    assert "term 1" not in str(caught.value)


def test_groups_that_the_actor_does_not_read_may_differ(exported: Exported):
    path = exported("mlp", "onnx")
    raw = AwkwardEnv(3).get_observations()
    some = ExportedPolicy(path, AWKWARD.select(["policy", "goal"]))({name: raw[name] for name in ("policy", "goal")})
    assert torch.equal(some, ExportedPolicy(path, AWKWARD)(raw))


def test_a_missing_group_is_named(exported: Exported):
    with pytest.raises(GenelabError, match="group goal: only in the first"):
        ExportedPolicy(exported("mlp", "onnx"), AWKWARD.select(["policy"]))


def test_missing_metadata_is_named(exported: Exported, tmp_path: Path):
    path = copied(exported("mlp", "onnx"), tmp_path)
    Path(f"{path}.metadata.json").unlink()
    with pytest.raises(UsageError, match=r"policy.onnx.metadata.json is missing"):
        ExportedPolicy(path)


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"task": "X"}'])
def test_incomplete_metadata_is_refused(exported: Exported, tmp_path: Path, content: str):
    path = copied(exported("mlp", "onnx"), tmp_path)
    Path(f"{path}.metadata.json").write_text(content)
    with pytest.raises(UsageError, match=r"metadata\.json"):
        ExportedPolicy(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="no such file"):
        ExportedPolicy(tmp_path / "policy.onnx")


def test_missing_onnx_packages_name_the_pip_command(monkeypatch: pytest.MonkeyPatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "onnxscript" else find(name, *rest)
    )
    with pytest.raises(GenelabError, match=r"needs onnxscript[\s\S]*pip install 'genelab-core\[onnx\]'"):
        OnnxExporter()


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch.jit, "save", full)
    with pytest.raises(GenelabError, match="No space left on device"):
        export(tmp_path / "policy.ts")
    assert not list(tmp_path.iterdir())
