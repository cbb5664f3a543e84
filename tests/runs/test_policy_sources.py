"""Which policy a word or a path stands for, and with which configs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.runs.plan import TrainRequest
from genelab.runs.source import open_source
from genelab.runs.training import train
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"
SAMPLE = Path(__file__).parent / "sample_runs.py"

SECOND_BACKEND = """
from genelab.api import BackendSpec, TaskSpec, hookimpl

GENELAB_API = "1"
AGENT = "sample_runs:counter_agent"


@hookimpl
def genelab_tasks():
    agents = {{"sample": AGENT, "other": AGENT}}
    return [
        TaskSpec(
            id="Sample-Twice-v0", config="sample_runs:counter_task", agents=agents, default_backend="{default}"
        )
    ]


@hookimpl
def genelab_backends():
    backend, config = "sample_runs:CounterBackend", "sample_runs:CounterAgentCfg"
    return [BackendSpec(name="other", backend=backend, config_type=config, checkpoint_suffix=".count")]
"""


@pytest.fixture
def report(workspace):
    return train(TrainRequest(task_id=TASK, overrides=[("env.simulation.num_envs", "3"), ("agent.seed", "9")]))


def act(source, env):
    env.raw_observations = True
    observations, _ = env.reset()
    return source.policy(env)(observations)


@pytest.mark.parametrize("word", ["zero", "random"])
def test_a_word_needs_no_file(workspace, word):
    source = open_source(TASK, word)
    actions = act(source, FakeVecEnv(4, max_episode_length=5))
    assert source.kind == word and actions.shape == (4, 2)
    assert bool((actions == 0).all()) == (word == "zero")


def test_a_run_directory_stands_for_its_last_checkpoint(report):
    source = open_source(TASK, report.run_dir)
    assert source.kind == "checkpoint" and source.path == report.result.checkpoint
    assert source.run_dir == report.run_dir
    assert act(source, FakeVecEnv(4, max_episode_length=5)).shape == (4, 2)


def test_a_run_keeps_its_own_configs_and_says_what_differs_today(report):
    source = open_source(TASK, report.result.checkpoint)
    assert source.loaded.cfg.agent.seed == 9
    assert "env.simulation.num_envs: 3 then, 8 now" in source.differences
    assert "agent.seed: 9 then, 42 now" in source.differences
    assert not any("eval_env.simulation.num_envs" in line for line in source.differences)


def test_versions_that_changed_are_listed(report):
    provenance = report.run_dir / "provenance.json"
    provenance.write_text(provenance.read_text().replace('"genelab-core": "', '"genelab-core": "0.0.'))
    assert any(line.startswith("genelab-core 0.0.") for line in open_source(TASK, report.run_dir).differences)


def test_overrides_change_the_runs_configs(report):
    source = open_source(TASK, report.run_dir, overrides=[("play_env.decimation", "9")])
    assert source.loaded.cfg.play_env is not None
    assert source.loaded.cfg.play_env.decimation == 9


def test_a_run_whose_task_is_gone_still_opens(report, sample_catalog):
    gone = Catalog([], Selection())
    gone.backends.update(sample_catalog.backends)
    gone.backend, gone.trusts, gone.load = sample_catalog.backend, sample_catalog.trusts, sample_catalog.load
    with use_catalog(gone):
        source = open_source(TASK, report.run_dir)
    assert source.differences == [f"task {TASK} is not registered any more"]
    assert source.loaded.cfg.env.simulation.num_envs == 3


def test_a_checkpoint_on_its_own_uses_todays_configs(report, tmp_path):
    for suffix in ("", ".meta.json"):
        shutil.copy(f"{report.result.checkpoint}{suffix}", tmp_path / f"alone.count{suffix}")
    source = open_source(TASK, tmp_path / "alone.count")
    assert source.run_dir is None and source.loaded.cfg.agent.seed == 42
    assert act(source, FakeVecEnv(4, max_episode_length=5)).shape == (4, 2)


def test_a_checkpoint_without_sidecar_is_known_by_its_suffix(report, tmp_path):
    shutil.copy(report.result.checkpoint, tmp_path / "alone.count")
    assert open_source(TASK, tmp_path / "alone.count").loaded.require_backend().name == "sample"
    shutil.copy(report.result.checkpoint, tmp_path / "alone.what")
    with pytest.raises(UsageError, match=r"cannot tell which backend wrote alone\.what"):
        open_source(TASK, tmp_path / "alone.what")


def test_a_policy_for_another_task_is_refused(report, tmp_path):
    with pytest.raises(UsageError, match="is a run of Sample-Counter-v0, not of Sample-Other-v0"):
        open_source("Sample-Other-v0", report.result.checkpoint)
    for suffix in ("", ".meta.json"):
        shutil.copy(f"{report.result.checkpoint}{suffix}", tmp_path / f"alone.count{suffix}")
    with pytest.raises(UsageError, match=r"alone\.count is a policy for Sample-Counter-v0, not for Sample-Other-v0"):
        open_source("Sample-Other-v0", tmp_path / "alone.count")


def test_a_run_of_another_task_is_refused_before_its_checkpoints_are_looked_at(report):
    for path in report.run_dir.glob("*.count*"):
        path.unlink()
    with pytest.raises(UsageError, match="is a run of Sample-Counter-v0"):
        open_source("Sample-Other-v0", report.run_dir)


@pytest.mark.parametrize("within_the_run", [True, False])
def test_a_truncated_checkpoint_is_refused_before_the_simulator_starts(report, tmp_path, within_the_run):
    path = report.result.checkpoint
    path.write_bytes(path.read_bytes()[:-7])
    if not within_the_run:
        for suffix in ("", ".meta.json"):
            shutil.copy(f"{path}{suffix}", tmp_path / f"alone.count{suffix}")
    with pytest.raises(GenelabError, match="is truncated"):
        open_source(TASK, path if within_the_run else tmp_path / "alone.count")


@pytest.mark.parametrize("default", ["sample", "other"])
def test_among_backends_of_one_suffix_a_file_without_sidecar_is_the_tasks_defaults(report, tmp_path, default):
    shutil.copy(report.result.checkpoint, tmp_path / "alone.count")
    (tmp_path / f"second_{default}.py").write_text(SECOND_BACKEND.format(default=default))
    candidates = [*installed_candidates()[:1], *extra_candidates([str(SAMPLE), str(tmp_path / f"second_{default}.py")])]
    with use_catalog(Catalog(candidates, Selection())):
        opened = open_source("Sample-Twice-v0", tmp_path / "alone.count")
    assert opened.loaded.require_backend().name == default


def test_a_policy_for_another_layout_is_refused_term_by_term(report):
    source = open_source(TASK, report.run_dir)
    with pytest.raises(GenelabError, match="progress"):
        source.policy(FakeVecEnv(4, max_episode_length=77))


def test_what_does_not_exist_is_refused(workspace):
    with pytest.raises(UsageError, match="no such checkpoint: nowhere"):
        open_source(TASK, "nowhere")
    (workspace / "empty").mkdir()
    with pytest.raises(UsageError, match="not a run directory"):
        open_source(TASK, "empty")
    with pytest.raises(UsageError, match="unknown task"):
        open_source("Sample-Conter-v0", "empty")


def test_a_run_without_checkpoints_is_refused(report):
    for path in report.run_dir.glob("*.count*"):
        path.unlink()
    with pytest.raises(UsageError, match="holds no checkpoint"):
        open_source(TASK, report.run_dir)


def test_an_exported_file_without_metadata_is_refused(workspace):
    (workspace / "policy.onnx").write_bytes(b"onnx")
    with pytest.raises(UsageError, match="has no metadata"):
        open_source(TASK, "policy.onnx")


def test_a_truncated_checkpoint_is_refused(report):
    source = open_source(TASK, report.run_dir)
    content = report.result.checkpoint.read_bytes()
    report.result.checkpoint.write_bytes(content[: len(content) // 2])
    with pytest.raises(GenelabError, match="truncated"):
        source.policy(FakeVecEnv(4, max_episode_length=5))


def test_a_malicious_pickle_is_refused_and_not_run(report, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    torch.save({"weight": Evil()}, tmp_path / "evil.count")
    with pytest.raises(GenelabError, match="refused"):
        open_source(TASK, tmp_path / "evil.count").policy(FakeVecEnv(4, max_episode_length=5))
    assert not (tmp_path / "owned").exists()
