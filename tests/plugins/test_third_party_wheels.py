"""Wheels only: what an installation grows by with each one, and two that strangers made.

The strangers' are the pack that `genelab new` makes and the backend that the documentation writes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wheel_installation import Installation, build

ROOT = Path(__file__).parents[2]
TASK = "StrangerArm-Example-v0"
OURS = ("genelab-core", "genelab-backend-rslrl", "genelab-tasks-locomotion")

HILL_CLIMBER = """
[build-system]
requires = ["hatchling>=1.25"]
build-backend = "hatchling.build"

[project]
name = "hill-climber"
version = "0.3.0"
dependencies = ["genelab-core>=0.1,<0.2"]

[project.entry-points.genelab]
hill-climber = "hill_climber.plugin"
"""


def write_hill_climber(folder: Path) -> None:
    """Write the documented backend as a distribution."""
    (folder / "hill_climber").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(HILL_CLIMBER)
    (folder / "hill_climber/__init__.py").write_text('"""Hill climbing."""\n')
    page = (ROOT / "docs/how-to/backend.md").read_text(encoding="utf-8")
    blocks = re.findall(r'```python title="([^"]+)"\n(.*?)```', page, flags=re.DOTALL)
    assert {"hill_climber/plugin.py", "hill_climber/backend.py"} <= {name for name, _ in blocks}
    for name, text in blocks:
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="module")
def wheels(folder, our_wheels):
    shutil.copytree(our_wheels, folder / "dist")
    write_hill_climber(folder / "hill-climber")
    new = [sys.executable, "-m", "genelab", "new", "stranger-arm", "--path", str(folder)]
    subprocess.run(new, check=True, capture_output=True)
    build(folder / "hill-climber", folder / "dist")
    build(folder / "stranger-arm", folder / "dist")
    return folder / "dist"


@pytest.fixture(scope="module")
def installation(folder, wheels):
    return Installation(folder, wheels)


@pytest.fixture(scope="module")
def grown(installation):
    """What is listed after each installation."""
    seen = {}
    for name in (*OURS, "hill-climber", "stranger-arm"):
        installation.install(name)
        seen[name] = installation.listed()
    return seen


def test_the_installation_grows_with_each_wheel(grown):
    core, rslrl, locomotion, climber, arm = grown.values()
    assert core["plugins"] == {"genelab-core"}
    assert (core["tasks"], core["backends"]) == (set(), set())
    assert core["exporters"] == {"torchscript", "onnx"}
    assert rslrl["backends"] == {"rsl_rl"}
    assert rslrl["tasks"] == set()
    assert "GeneLab-Inverted-Pendulum-v0" in locomotion["tasks"]
    assert climber["backends"] == {"rsl_rl", "hill"}
    assert arm["tasks"] - climber["tasks"] == {TASK}
    assert arm["plugins"] == {*OURS, "hill-climber", "stranger-arm"}


def test_nothing_comes_from_the_sources(installation, grown):
    plugins = json.loads(installation.genelab("plugins", "--json"))
    assert all(plugin["location"].startswith(str(installation.folder)) for plugin in plugins)


def test_the_doctor_finds_nothing_wrong_with_the_wheels(installation, grown):
    assert "no problem" in installation.genelab("plugins", "doctor", "--strict")


def test_the_strangers_backend_passes_the_contract_suite(installation, grown):
    suite = installation.folder / "hill-climber/test_hill_climber.py"
    assert "passed" in installation.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite))


@pytest.mark.genesis
def test_the_strangers_task_passes_the_contract_suite(installation, grown):
    pack = installation.folder / "stranger-arm"
    assert "passed" in installation.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=pack)


@pytest.mark.genesis
def test_the_strangers_backend_trains_the_strangers_task_which_is_evaluated_and_exported(installation, grown):
    train(installation, "hill")
    installation.genelab("export", TASK, "run-hill", "--format", "onnx", "--out", "policy.onnx")
    returns = []
    for what in ("run-hill", "policy.onnx"):
        installation.genelab("eval", TASK, what, "--episodes", "4", "--out", f"{what}.json")
        result = json.loads((installation.folder / f"{what}.json").read_text())
        returns.append([row["return"] for row in result["episodes"]])
    assert len(returns[0]) == 4
    assert returns[0] == pytest.approx(returns[1], rel=1e-3)


@pytest.mark.genesis
def test_the_strangers_task_is_trained_with_the_agent_it_brings(installation, grown):
    train(installation, "rsl_rl")
    agent = json.loads((installation.folder / "run-rsl_rl/params/agent.json").read_text())
    assert agent["backend"] == "rsl_rl"
    assert agent["agent"]["experiment_name"] == "stranger-arm"


def train(installation: Installation, backend: str) -> None:
    short = ("--num-envs", "16", "--max-iterations", "2")
    installation.genelab("train", TASK, "--backend", backend, *short, "--log-dir", f"run-{backend}")
