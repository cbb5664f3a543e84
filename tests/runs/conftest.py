"""Runs with the counting backend of `sample_runs.py` in a fake environment."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection
from genelab.testing.fake_env import FakeVecEnv

SAMPLE = Path(__file__).parent / "sample_runs.py"


@pytest.fixture
def sample_catalog():
    core = [candidate for candidate in installed_candidates() if candidate.always_allowed]
    with use_catalog(Catalog([*core, *extra_candidates([str(SAMPLE)])], Selection())) as catalog:
        yield catalog


@pytest.fixture
def fake_envs(monkeypatch):
    """Let `make_env` make fake environments; returns the list of (config, environment) that were made."""
    made: list[tuple[object, FakeVecEnv]] = []

    def make_env(cfg, *, num_envs=None, seed=None, render_envs=0, dump_dir=None):
        env = FakeVecEnv(num_envs or cfg.simulation.num_envs, max_episode_length=5, success_probability=None)
        env.dump_dir = dump_dir  # pyright: ignore[reportAttributeAccessIssue]
        made.append((cfg, env))
        return env

    module = types.ModuleType("genelab.envs.make")
    module.make_env = make_env  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "genelab.envs.make", module)
    return made


@pytest.fixture
def workspace(tmp_path, monkeypatch, sample_catalog, fake_envs):
    """An empty working directory in which runs can be made."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
