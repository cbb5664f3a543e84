"""What every exporter must do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from genelab.api import ExporterSpec
from genelab.export.exporter import Exporter
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.plugins.catalog import get_catalog
from genelab.rl.backends.base import InferenceSetup, RecurrentSpec
from genelab.rl.policy import ActorPolicy
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import GenelabError


class SampleRecurrentActor(nn.Module):
    """A GRU and a linear layer: `forward(obs, h) -> (actions, h)`."""

    def __init__(self, obs_dim: int, action_dim: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(obs_dim, 8, num_layers=2)
        self.head = nn.Linear(8, action_dim)

    def forward(self, obs: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        output, h = self.rnn(obs.unsqueeze(0), h)
        return self.head(output.squeeze(0)), h


class ExporterContract:
    """Test an exporter with small actors on the fake environment.

        class TestMyExporter(ExporterContract):
            format = "my_format"

    Attributes:
        format: The format's name.
    """

    format: ClassVar[str]

    def env(self) -> FakeVecEnv:
        """Return the environment; 64 envs, so that files are run with this batch size and with one."""
        return FakeVecEnv(64, max_episode_length=12, failure_steps=(3, 9), history_length=2)

    def test_the_record_says_what_the_class_is(self) -> None:
        assert self._spec().suffix.startswith(".")
        assert isinstance(self._exporter(), Exporter)

    def test_a_written_policy_acts_as_the_actor_does(self, tmp_path: Path) -> None:
        env, setup = self.env(), _feed_forward(self.env())
        metadata = self._export(setup, env, tmp_path)
        assert metadata["parity"]["max_abs_diff"] <= metadata["parity"]["tolerance"]
        env.raw_observations = True
        observations, _ = env.reset(seed=1)
        expected = ActorPolicy(setup, env.observation_layout)(observations)
        torch.testing.assert_close(ExportedPolicy(self._path(tmp_path))(observations), expected, rtol=0, atol=1e-5)

    def test_a_recurrent_policy_is_written_or_refused_as_the_record_says(self, tmp_path: Path) -> None:
        env, setup = self.env(), _recurrent(self.env())
        if "recurrent" not in self._spec().supports:
            with pytest.raises(GenelabError):
                self._export(setup, env, tmp_path)
            assert list(tmp_path.iterdir()) == []
            return
        self._export(setup, env, tmp_path)
        env.raw_observations = True
        observations, _ = env.reset(seed=1)
        actor, exported = ActorPolicy(setup, env.observation_layout), ExportedPolicy(self._path(tmp_path))
        for _ in range(20):
            actions = actor(observations)
            torch.testing.assert_close(exported(observations), actions, rtol=0, atol=1e-5)
            observations, _, terminated, truncated, _ = env.step(actions)
            actor.reset(terminated | truncated)
            exported.reset(terminated | truncated)

    def test_an_existing_file_is_not_replaced(self, tmp_path: Path) -> None:
        self._path(tmp_path).write_bytes(b"mine")
        with pytest.raises(GenelabError):
            self._export(_feed_forward(self.env()), self.env(), tmp_path)
        assert self._path(tmp_path).read_bytes() == b"mine"

    def test_a_damaged_file_is_refused(self, tmp_path: Path) -> None:
        self._export(_feed_forward(self.env()), self.env(), tmp_path)
        path = self._path(tmp_path)
        path.write_bytes(path.read_bytes()[:-50])
        with pytest.raises(GenelabError):
            ExportedPolicy(path)

    def _spec(self) -> ExporterSpec:
        return get_catalog().exporter(self.format)

    def _exporter(self) -> Exporter:
        spec = self._spec()
        return get_catalog().load(spec, spec.exporter)()

    def _path(self, folder: Path) -> Path:
        return folder / f"policy{self._spec().suffix}"

    def _export(self, setup: InferenceSetup, env: FakeVecEnv, folder: Path) -> dict[str, Any]:
        return export_policy(
            setup, env, self._path(folder), task="Fake-v0", exporter=self._exporter(), format=self._spec().format
        )


def _feed_forward(env: FakeVecEnv) -> InferenceSetup:
    torch.manual_seed(0)
    width, action_dim = _widths(env)
    actor = nn.Sequential(nn.Linear(width, 16), nn.ELU(), nn.Linear(16, action_dim)).eval()
    return InferenceSetup(("policy",), actor, width, action_dim)


def _recurrent(env: FakeVecEnv) -> InferenceSetup:
    torch.manual_seed(0)
    width, action_dim = _widths(env)
    actor = SampleRecurrentActor(width, action_dim).eval()
    return InferenceSetup(("policy",), actor, width, action_dim, RecurrentSpec("gru", num_layers=2, hidden_dim=8))


def _widths(env: FakeVecEnv) -> tuple[int, int]:
    return env.observation_layout.groups["policy"].dim, env.action_dim
