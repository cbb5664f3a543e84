from __future__ import annotations

import base64
import io
import json
import pickle
import zipfile

import numpy as np
import pytest
import torch
from sb3_runs import ALGORITHMS, small_agent, small_env, train

from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.plugins.catalog import get_catalog
from genelab.rl.checkpoint import meta_path
from genelab.testing.backend_contract import RunsCommand
from genelab.utils.errors import GenelabError
from genelab_backend_sb3 import Sb3PolicyCfg
from genelab_backend_sb3.archive import read_archive
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.vec_env import Sb3VecEnv
from genelab_backend_sb3.weights import load_policy


def rewritten(path, members: dict[str, bytes]) -> None:
    """Replace members of a model file, and forget its sidecar."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**content, **members}.items():
            archive.writestr(name, data)
    meta_path(path).unlink(missing_ok=True)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_loaded_actor_acts_as_the_trained_one(tmp_path, algorithm, normalized):
    policy = Sb3PolicyCfg(net_arch=(16, 8), obs_normalization=normalized)
    agent, env = small_agent(algorithm, policy=policy, clip_actions=0.7), small_env()
    checkpoint = train(tmp_path, 240, agent=agent).checkpoint
    setup = Sb3Backend().load(checkpoint, agent, env)
    assert (setup.obs_groups, setup.actor_input_dim, setup.action_dim) == (("policy",), 5, 2)
    assert setup.info == {"iteration": 240, "env_steps": 240, "algorithm": algorithm}
    assert setup.recurrent is None

    model = build_algorithm(agent, Sb3VecEnv(env, agent))
    load_policy(model.policy, read_archive(checkpoint), algorithm)
    for batch in (1, 64):
        observations = 3.0 * torch.randn(batch, 5)
        expected, _ = model.predict(observations.numpy(), deterministic=True)
        assert np.allclose(setup.actor(observations).detach().numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("format", ["torchscript", "onnx"])
def test_an_exported_actor_acts_as_the_live_policy(tmp_path, algorithm, format):
    """Also beyond the bound on actions, at batch 1 and 64."""
    agent, env = small_agent(algorithm, clip_actions=0.3), small_env(64)
    checkpoint = train(tmp_path, 64 * 6, agent=agent, env=env).checkpoint
    setup = Sb3Backend().load(checkpoint, agent, env)
    catalog = get_catalog()
    spec = catalog.exporter(format)
    path = tmp_path / f"policy{spec.suffix}"
    export_policy(setup, env, path, task="Fake-v0", exporter=catalog.load(spec, spec.exporter)(), format=spec.format)
    model = build_algorithm(agent, Sb3VecEnv(env, agent))
    load_policy(model.policy, read_archive(checkpoint), algorithm)
    env.reset()
    expected, _ = model.predict(env.get_observations()["policy"].numpy(), deterministic=True)
    env.raw_observations = True
    observations, exported = env.get_observations(), ExportedPolicy(path)
    assert np.allclose(exported(observations).numpy(), expected, atol=1e-5)
    first = {name: value[:1] for name, value in observations.items()}
    assert np.allclose(exported(first).numpy(), expected[:1], atol=1e-5)


def test_an_agent_without_noise_has_nothing_to_sample(tmp_path):
    agent = small_agent("TD3", action_noise=0.0)
    assert Sb3Backend().load(train(tmp_path, 48, agent=agent).checkpoint, agent, small_env()).sample is None


@pytest.mark.parametrize("how", ["load", "warm_start", "resume", "a tensor"])
def test_a_poisoned_model_runs_nothing(tmp_path, how):
    """The library executes what the member `data` says; this backend does not read it, and refuses poisoned tensors."""
    path, proof = train(tmp_path, 48).checkpoint, tmp_path / "executed"
    poison = RunsCommand(f"touch {proof}")
    if how == "a tensor":
        buffer = io.BytesIO()
        torch.save({"log_std": poison}, buffer)
        rewritten(path, {"policy.pth": buffer.getvalue()})
        with pytest.raises(GenelabError, match=r"policy\.pth in model_48_steps\.zip is refused"):
            Sb3Backend().load(path, small_agent(), small_env())
    else:
        entry = {":type:": "poison", ":serialized:": base64.b64encode(pickle.dumps(poison)).decode()}
        rewritten(path, {"data": json.dumps({"ep_info_buffer": entry, "policy_class": entry}).encode()})
        if how == "load":
            Sb3Backend().load(path, small_agent(), small_env())
        else:
            train(tmp_path, 96, **{how: path})
    assert not proof.exists()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_the_statistics_of_observations_are_an_npz_that_counts(tmp_path, algorithm):
    path = train(tmp_path, 96, agent=small_agent(algorithm)).checkpoint
    with zipfile.ZipFile(path) as archive:
        arrays = dict(np.load(io.BytesIO(archive.read("normalizer.npz")), allow_pickle=False))
    dim = small_env().observation_layout.groups["policy"].dim
    assert {name: array.shape for name, array in arrays.items()} == {"mean": (dim,), "variance": (dim,), "count": ()}
    assert arrays["count"] > 0
    rewritten(path, {"normalizer.npz": npz(**{**arrays, "mean": arrays["mean"] + 1.0})})
    weights = read_archive(path).weights["policy"]
    means = [value for name, value in weights.items() if name.endswith("normalizer.mean")]
    assert means and all(np.array_equal(mean, arrays["mean"] + 1.0) for mean in means)


def test_without_normalised_observations_there_is_no_npz(tmp_path):
    agent = small_agent(policy=Sb3PolicyCfg(net_arch=(16,)))
    with zipfile.ZipFile(train(tmp_path, 48, agent=agent).checkpoint) as archive:
        assert "normalizer.npz" not in archive.namelist()


def test_poisoned_or_unfitting_statistics_are_refused_and_run_nothing(tmp_path):
    path, proof = train(tmp_path, 48).checkpoint, tmp_path / "executed"
    numbers = {"mean": np.zeros(3, np.float32), "variance": np.ones(3, np.float32), "count": np.array(1)}
    poison = np.array([RunsCommand(f"touch {proof}")], dtype=object)
    for content, reason in [
        (npz(**{**numbers, "mean": poison}), "is refused"),
        (npz(mean=numbers["mean"]), "is refused"),
        (b"no npz", "is refused"),
        (npz(**numbers), r"does not fit its policy\.pth: mean has shape \(3,\)"),
    ]:
        rewritten(path, {"normalizer.npz": content})
        with pytest.raises(GenelabError, match=reason):
            read_archive(path)
    assert not proof.exists()


def test_a_model_of_the_library_itself_can_be_loaded(tmp_path):
    from stable_baselines3 import TD3

    policy = Sb3PolicyCfg(net_arch=(16,), activation="relu")
    agent, env = small_agent("TD3", policy=policy), small_env()
    model = TD3("MlpPolicy", Sb3VecEnv(env, agent), policy_kwargs={"net_arch": [16]}, device="cpu", buffer_size=100)
    model.num_timesteps = 800
    model.save(tmp_path / "theirs.zip")
    setup = Sb3Backend().load(tmp_path / "theirs.zip", agent, env)
    assert setup.info["env_steps"] == 800
    observations = torch.randn(4, 5)
    expected, _ = model.predict(observations.numpy(), deterministic=True)
    assert np.allclose(setup.actor(observations).detach().numpy(), expected, atol=1e-6)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "model.zip").write_bytes(b"hello")
    with pytest.raises(GenelabError, match=r"model\.zip is not a checkpoint"):
        Sb3Backend().load(tmp_path / "model.zip", small_agent(), small_env())


def test_a_file_that_unpacks_to_more_than_any_model_is_refused(tmp_path, monkeypatch):
    path = train(tmp_path, 48).checkpoint
    monkeypatch.setattr("genelab_backend_sb3.archive._LARGEST", 1000)
    with pytest.raises(GenelabError, match="more than any model has"):
        Sb3Backend().load(path, small_agent(), small_env())
