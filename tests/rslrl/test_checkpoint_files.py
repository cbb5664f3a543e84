from __future__ import annotations

import json
import pickle
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.rl.checkpoint import load_checkpoint, meta_path, read_meta, require_layout, save_checkpoint
from genelab.testing.backend_contract import RunsCommand
from genelab.utils.errors import GenelabError, UsageError


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    path = tmp_path / "model_1.pt"
    save_checkpoint(
        path, {"weight": torch.arange(3.0), "iter": 1}, {"task": "Fake-v0", "versions": {"rsl-rl-lib": "5"}}
    )
    return path


def test_a_checkpoint_comes_back_with_its_description(checkpoint):
    payload, meta = load_checkpoint(checkpoint)
    assert torch.equal(payload["weight"], torch.arange(3.0))
    assert meta == read_meta(checkpoint)
    assert meta["task"] == "Fake-v0"
    assert meta["size"] == checkpoint.stat().st_size
    assert len(meta["sha256"]) == 64
    assert meta["versions"]["rsl-rl-lib"] == "5"
    assert meta["versions"]["torch"] == torch.__version__


def test_a_checkpoint_without_a_description_is_loaded_too(checkpoint):
    meta_path(checkpoint).unlink()
    payload, meta = load_checkpoint(checkpoint)
    assert payload["iter"] == 1
    assert meta == {}


def test_a_missing_checkpoint_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "model_1.pt")


@pytest.mark.parametrize("described", [True, False])
def test_a_truncated_checkpoint_is_refused(checkpoint, described):
    checkpoint.write_bytes(checkpoint.read_bytes()[:-200])
    if not described:
        meta_path(checkpoint).unlink()
    with pytest.raises(GenelabError, match=r"truncated|only a part"):
        load_checkpoint(checkpoint)


def test_a_changed_checkpoint_is_refused(checkpoint):
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 1
    checkpoint.write_bytes(bytes(data))
    with pytest.raises(GenelabError, match="SHA-256"):
        load_checkpoint(checkpoint)


@pytest.mark.parametrize("form", ["torch", "plain pickle"])
def test_a_poisoned_checkpoint_is_refused_and_runs_nothing(tmp_path, form):
    path, proof = tmp_path / "model_1.pt", tmp_path / "executed"
    poison = {"actor_state_dict": RunsCommand(f"touch {proof}")}
    if form == "torch":
        torch.save(poison, path)
    else:
        path.write_bytes(pickle.dumps(poison, protocol=2))
    with pytest.raises(GenelabError, match="nothing of it was executed"):
        load_checkpoint(path)
    assert not proof.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "model_1.pt"
    path.write_bytes(content)
    with pytest.raises(GenelabError, match=r"model_1\.pt is"):
        load_checkpoint(path)


def test_another_zip_archive_is_refused(tmp_path):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", "{}")
    with pytest.raises(GenelabError, match="not a checkpoint"):
        load_checkpoint(path)


def test_a_file_with_a_single_tensor_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / "model_1.pt")
    with pytest.raises(GenelabError, match="holds a Tensor"):
        load_checkpoint(tmp_path / "model_1.pt")


@pytest.mark.parametrize("value", [np.float64(1), np.zeros(2), {1, 2}, print])
def test_what_could_not_be_loaded_again_is_not_written(tmp_path, value):
    with pytest.raises(GenelabError, match=r"model_1\.pt\['infos'\]\[0\]"):
        save_checkpoint(tmp_path / "model_1.pt", {"infos": [value]}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_checkpoint_intact(checkpoint):
    before = checkpoint.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(GenelabError, match=r"cannot write model_1\.pt"):
            save_checkpoint(checkpoint, {"weight": torch.zeros(100_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert checkpoint.read_bytes() == before
    assert load_checkpoint(checkpoint)[1]["task"] == "Fake-v0"
    assert sorted(checkpoint.parent.iterdir()) == [checkpoint, meta_path(checkpoint)]


def test_a_description_is_never_left_beside_a_newer_file(checkpoint, monkeypatch):
    """A process killed between the two writes leaves a checkpoint that loads, not one that looks corrupt."""
    monkeypatch.setattr("genelab.rl.checkpoint.write_meta", lambda path, meta: None)
    save_checkpoint(checkpoint, {"iter": 2}, {"task": "Fake-v0"})
    payload, meta = load_checkpoint(checkpoint)
    assert (payload["iter"], meta) == (2, {})


def test_another_observation_layout_is_refused_term_by_term(tmp_path):
    def layout(*terms: str) -> ObservationLayout:
        made = tuple(TermLayout(name, 1, (1.0,)) for name in terms)
        return ObservationLayout({"policy": GroupLayout("policy", made)})

    meta = json.loads(json.dumps({"task": "Fake-v0", "observation_layout": layout("x", "v").to_json()}))
    require_layout(tmp_path / "model_1.pt", meta, layout("x", "v"), ("policy",))
    with pytest.raises(GenelabError, match=r"term 0: x\[1\].* against v\[1\]"):
        require_layout(tmp_path / "model_1.pt", meta, layout("v", "x"), ("policy",))
