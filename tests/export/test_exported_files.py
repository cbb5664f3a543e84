"""Files of both formats: what they hold, that they act as the actor does, and how they are run elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from sample_actors import AWKWARD, EXPORTERS, AwkwardEnv, make_setup
from torch.distributions import Distribution

from genelab.export.onnx import OnnxExporter
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.rl.policy import ActorPolicy
from genelab.utils.errors import GenelabError

Exported = Callable[[str, str], Path]
ACTORS = ["mlp", "traced", "gru", "lstm"]
FORMATS = ["torchscript", "onnx"]


def metadata_of(path: Path) -> dict[str, Any]:
    return json.loads(Path(f"{path}.metadata.json").read_text())


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("actor", ACTORS)
def test_an_exported_file_acts_as_the_actor_over_episodes(exported: Exported, actor: str, format: str):
    env = AwkwardEnv(6)
    env.raw_observations = True
    live, stored = ActorPolicy(make_setup(actor), AWKWARD), ExportedPolicy(exported(actor, format), AWKWARD)
    assert stored.recurrent == live.recurrent
    observations, _ = env.reset(seed=3)
    finished = 0
    for _ in range(40):
        actions = live(observations)
        assert torch.allclose(stored(observations), actions, atol=1e-5)
        observations, _, terminated, truncated, _ = env.step(actions)
        done = terminated | truncated
        finished += int(done.sum())
        live.reset(done)
        stored.reset(done)
    assert finished > 6


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("num_envs", [1, 64])
def test_any_number_of_envs_runs(exported: Exported, format: str, num_envs: int):
    observations = {name: torch.randn(num_envs, group.dim) for name, group in AWKWARD.groups.items()}
    live, stored = ActorPolicy(make_setup("lstm"), AWKWARD), ExportedPolicy(exported("lstm", format))
    for _ in range(3):
        assert torch.allclose(stored(observations), live(observations), atol=1e-5)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("actor", ACTORS)
def test_parity_is_recorded(exported: Exported, actor: str, format: str):
    parity = metadata_of(exported(actor, format))["parity"]
    assert parity["max_abs_diff"] <= 1e-5
    assert parity["batch_sizes"] == [1, 16]
    assert parity["rows"] >= 500
    assert parity["resets"] >= 8


def test_exporting_leaves_torchs_argument_checks_on(monkeypatch, tmp_path):
    """Recurrent actors go through torch's compiler, which turns them off when it is first used in a process."""

    def compile_and_fail(*args: Any, **options: Any) -> None:
        Distribution.set_default_validate_args(False)
        raise RuntimeError("no")

    monkeypatch.setattr(torch.onnx, "export", compile_and_fail)
    with pytest.raises(GenelabError, match="cannot write this actor"):
        export_policy(
            make_setup("gru"), AwkwardEnv(), tmp_path / "a.onnx", task="T", exporter=OnnxExporter(), format="onnx"
        )
    assert Distribution._validate_args is True


def test_metadata_says_what_a_robot_needs(exported: Exported):
    metadata = metadata_of(exported("mlp", "onnx"))
    assert metadata["task"] == "Some-Task-v0"
    assert metadata["obs_dim"] == 20
    assert metadata["action_dim"] == 2
    assert metadata["action_range"] == [-1.0, 1.0]
    assert metadata["normalization_baked"] is True
    assert metadata["is_recurrent"] is False
    assert metadata["recurrent"] is None
    assert metadata["format"] == "onnx"
    assert metadata["control_dt"] == pytest.approx(0.02)
    assert metadata["actuation"] is None
    assert metadata["iteration"] == 7
    assert metadata["torch_version"] == torch.__version__
    assert metadata["observation_layout_sha256"] == AWKWARD.select(["goal", "policy"]).sha256()
    assert metadata["obs_groups"] == {
        "goal": {
            "start": 0,
            "dim": 2,
            "history_length": 1,
            "terms": [{"name": "high_only", "dim": 2, "start": 0, "scale": 1.0, "clip": [None, 0.25]}],
        },
        "policy": {
            "start": 2,
            "dim": 18,
            "history_length": 3,
            "terms": [
                {"name": "vector", "dim": 3, "start": 0, "scale": [1.0, 20.0, -0.5], "clip": [-2.0, 2.0]},
                {"name": "unbounded", "dim": 1, "start": 3, "scale": 0.1, "clip": None},
                {"name": "low_only", "dim": 2, "start": 4, "scale": [1.0, 3.0], "clip": [-0.5, None]},
            ],
        },
    }


def test_a_policy_is_refused_where_it_would_act_at_another_rate(exported: Exported):
    artifact = ExportedPolicy(exported("mlp", "onnx")).artifact
    artifact.check_control_dt(0.02)
    with pytest.raises(GenelabError, match=r"acts every 0\.02 s, this environment every 0\.01 s"):
        artifact.check_control_dt(0.01)


def test_metadata_of_a_recurrent_policy_names_states_and_ports(exported: Exported):
    recurrent = metadata_of(exported("lstm", "onnx"))["recurrent"]
    assert recurrent == {
        "rnn_type": "lstm",
        "rnn_num_layers": 2,
        "rnn_hidden_dim": 16,
        "hidden_shape": [2, "batch", 16],
        "inputs": ["h_in", "c_in"],
        "outputs": ["h_out", "c_out"],
    }


@pytest.mark.parametrize(
    ("actor", "inputs", "outputs"),
    [
        ("mlp", ["obs"], ["actions"]),
        ("gru", ["obs", "h_in"], ["actions", "h_out"]),
        ("lstm", ["obs", "h_in", "c_in"], ["actions", "h_out", "c_out"]),
    ],
)
def test_onnx_is_one_valid_file_with_documented_ports_and_a_dynamic_batch(
    exported: Exported, actor: str, inputs: list[str], outputs: list[str]
):
    path = exported(actor, "onnx")
    assert sorted(file.name for file in path.parent.iterdir()) == ["policy.onnx", "policy.onnx.metadata.json"]
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == 17
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_inputs()] == inputs
    assert [port.name for port in session.get_outputs()] == outputs
    for batch in (1, 5):
        feed = {"obs": np.zeros((batch, 20), np.float32)}
        feed |= {name: np.zeros((2, batch, 16), np.float32) for name in inputs[1:]}
        assert session.run(None, feed)[0].shape == (batch, 2)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("opset", [18, 20])
def test_another_opset_is_honoured(tmp_path: Path, opset: int):
    path = tmp_path / "policy.onnx"
    env = AwkwardEnv(2)
    metadata = export_policy(
        make_setup("mlp"), env, path, task="Some-Task-v0", exporter=OnnxExporter(), format="onnx", opset=opset
    )
    assert metadata["opset"] == opset
    assert {entry.domain: entry.version for entry in onnx.load(str(path)).opset_import}[""] == opset


def test_an_opset_that_torch_does_not_write_is_an_error_and_leaves_nothing(tmp_path: Path):
    with pytest.raises(GenelabError, match="opset 7, the exporter wrote"):
        export_policy(
            make_setup("mlp"),
            AwkwardEnv(2),
            tmp_path / "policy.onnx",
            task="Some-Task-v0",
            exporter=OnnxExporter(),
            format="onnx",
            opset=7,
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("actor", ["gru", "lstm"])
def test_torchscript_keeps_the_state_until_reset(exported: Exported, actor: str):
    module = torch.jit.load(str(exported(actor, "torchscript")))
    obs = torch.randn(1, 20)
    first = module(obs)
    assert not torch.allclose(module(obs), first, atol=1e-3)
    module.reset()
    assert torch.allclose(module(obs), first, atol=1e-6)
    with pytest.raises(Exception, match="the state of one robot"):
        module(torch.randn(2, 20))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_feed_forward_torchscript_takes_any_batch_with_torch_alone(exported: Exported):
    module = torch.jit.load(str(exported("mlp", "torchscript")))
    obs = torch.randn(7, 20)
    expected = ActorPolicy(make_setup("mlp"), AWKWARD)({"goal": obs[:, :2], "policy": obs[:, 2:]})
    assert torch.allclose(module(obs), expected, atol=1e-6)


@pytest.mark.parametrize("actor", ["mlp", "gru", "lstm"])
def test_plain_modules_are_scripted(exported: Exported, actor: str):
    assert metadata_of(exported(actor, "torchscript"))["torchscript"] == "script"


def test_a_module_that_cannot_be_scripted_is_traced_and_says_so(exported: Exported):
    assert metadata_of(exported("traced", "torchscript"))["torchscript"] == "trace"


@pytest.mark.parametrize("format", FORMATS)
def test_export_prints_nothing_and_warns_of_nothing(
    tmp_path: Path, format: str, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
):
    exporter, name = EXPORTERS[format]
    export_policy(
        make_setup("gru"), AwkwardEnv(2), tmp_path / name, task="Some-Task-v0", exporter=exporter(), format=format
    )
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""
    assert [str(warning.message) for warning in recwarn] == []


def test_the_actor_that_is_exported_stays_as_it_was(tmp_path: Path):
    setup = make_setup("mlp")
    export_policy(
        setup, AwkwardEnv(2), tmp_path / "policy.onnx", task="Some-Task-v0", exporter=OnnxExporter(), format="onnx"
    )
    assert all(parameter.requires_grad for parameter in setup.actor.parameters())
