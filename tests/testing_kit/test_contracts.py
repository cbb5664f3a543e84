"""The contract suites pass for what GeneLab itself brings, and fail for what breaks the contract."""

import importlib
from dataclasses import replace

import pytest
import torch

from genelab.api import MetricSpec
from genelab.eval.metrics import EvalMetric
from genelab.plugins.catalog import get_catalog
from genelab.testing import (
    BackendContract,
    ExporterContract,
    MetricContract,
    assert_light_import,
    in_memory_plugin,
    plugin_sandbox,
)


class TestRslRl(BackendContract):
    backend = "rsl_rl"

    def agent(self, env):
        return replace(super().agent(env), num_steps_per_env=4)  # pyright: ignore[reportCallIssue]


class TestTorchScript(ExporterContract):
    format = "torchscript"


class TestOnnx(ExporterContract):
    format = "onnx"


class TestReturn(MetricContract):
    metric = "return"


class TestLength(MetricContract):
    metric = "length"


class TestSuccess(MetricContract):
    metric = "success"


class ForgetfulMetric(EvalMetric):
    """Never starts anew, so the value of an episode depends on how many envs ran beside it."""

    def start(self, env):
        self.total = torch.zeros(env.num_envs)

    def update(self, step):
        self.total += 1

    def finish(self, env_ids):
        return self.total[env_ids]


def test_the_metric_contract_finds_a_metric_that_does_not_start_anew():
    spec = MetricSpec(name="forgetful", metric="test_contracts:ForgetfulMetric")
    suite = type("Suite", (MetricContract,), {"metric": "forgetful"})()
    with plugin_sandbox(in_memory_plugin("bad", [spec])), pytest.raises(AssertionError):
        suite.test_an_episode_has_the_same_value_beside_any_number_of_envs()


@pytest.mark.parametrize("plugin", [plugin.module for plugin in get_catalog().plugins if plugin.version])
def test_every_installed_plugin_module_is_light(plugin):
    assert_light_import(plugin)


def test_a_heavy_plugin_module_is_found_out(tmp_path, monkeypatch):
    (tmp_path / "heavy_pack.py").write_text("import pydantic\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AssertionError, match="pydantic"):
        assert_light_import("heavy_pack")


def test_a_slow_plugin_module_is_found_out(tmp_path, monkeypatch):
    (tmp_path / "slow_pack.py").write_text("import time; time.sleep(0.1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AssertionError, match="takes"):
        assert_light_import("slow_pack", attempts=1)


@pytest.mark.parametrize("name", ["BackendContract", "TaskContract", "FakeVecEnv", "plugin_sandbox"])
def test_the_kit_resolves_its_names(name):
    assert getattr(importlib.import_module("genelab.testing"), name).__name__ == name
