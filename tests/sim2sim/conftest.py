"""Two policies exported from Genesis, each with its environment: a cart-pole and a robot with contacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from sim2sim_tasks import PENDULUM, QUADRUPED, balancing_actor, swaying_actor
from torch import nn

from genelab.plugins.candidates import extra_candidates, installed_candidates
from genelab.plugins.catalog import Catalog, use_catalog
from genelab.plugins.selection import Selection

PLUGIN = Path(__file__).parent / "sim2sim_tasks.py"


@pytest.fixture(scope="session")
def sim2sim_catalog() -> Catalog:
    return Catalog([*installed_candidates(), *extra_candidates([str(PLUGIN)])], Selection())


@pytest.fixture(autouse=True)
def catalog(sim2sim_catalog: Catalog) -> Iterator[Catalog]:
    """The installed plugins and the tasks of `sim2sim_tasks`."""
    with use_catalog(sim2sim_catalog) as used:
        yield used


@dataclass
class Exported:
    """A policy file that must not be changed, and the Genesis environment it was exported from."""

    task: str
    path: Path
    env: Any


def export(task: str, actor: nn.Module, num_envs: int, folder: Path, catalog: Catalog) -> Exported:
    from genelab.envs.make import make_env
    from genelab.export.torchscript import TorchScriptExporter
    from genelab.export.writing import export_policy
    from genelab.plugins.tasks import load_task
    from genelab.rl.backends.base import InferenceSetup

    with use_catalog(catalog):
        cfg = load_task(task).cfg.eval_env
        assert cfg is not None
        env = make_env(cfg, num_envs=num_envs, seed=0)
        obs_dim = env.observation_layout.groups["policy"].dim
        action_dim = env.action_dim
        setup = InferenceSetup(("policy",), actor, obs_dim, action_dim)
        path = folder / "policy.ts"
        export_policy(setup, env, path, task=task, exporter=TorchScriptExporter(), format="torchscript")
    return Exported(task, path, env)


@pytest.fixture(scope="session")
def pendulum(tmp_path_factory: pytest.TempPathFactory, sim2sim_catalog: Catalog) -> Iterator[Exported]:
    """The inverted pendulum and a linear law that balances it."""
    made = export(PENDULUM, balancing_actor(), 8, tmp_path_factory.mktemp("pendulum"), sim2sim_catalog)
    yield made
    made.env.close()


@pytest.fixture(scope="session")
def quadruped(tmp_path_factory: pytest.TempPathFactory, sim2sim_catalog: Catalog) -> Iterator[Exported]:
    """The four-legged toy: free base, contacts, a history of frames and one of each actuator model."""
    torch.manual_seed(0)
    made = export(QUADRUPED, swaying_actor(), 8, tmp_path_factory.mktemp("quadruped"), sim2sim_catalog)
    yield made
    made.env.close()
