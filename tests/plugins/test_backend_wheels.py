"""The core, one backend and a task pack from wheels: only that backend's library is there, and the others are named."""

from __future__ import annotations

import pytest
from wheel_installation import Installation

LIBRARIES = {"rslrl": "rsl_rl", "skrl": "skrl", "sb3": "stable_baselines3"}
BACKENDS = {"rslrl": "rsl_rl", "skrl": "skrl", "sb3": "sb3"}
TASK = "GeneLab-Inverted-Pendulum-v0"

IMPORTABLE = """
from importlib.util import find_spec
print(*(name for name in {names!r} if find_spec(name) is not None))
"""


@pytest.fixture(scope="module", params=LIBRARIES)
def backend(request):
    return request.param


@pytest.fixture(scope="module")
def installation(backend, our_wheels, tmp_path_factory):
    others = [library for name, library in LIBRARIES.items() if name != backend]
    made = Installation(tmp_path_factory.mktemp(backend), our_wheels, without=others)
    made.install("genelab-core", f"genelab-backend-{backend}", "genelab-tasks-locomotion")
    return made


def test_only_its_own_library_can_be_imported(installation, backend):
    modules = [*LIBRARIES.values(), *(f"genelab_backend_{name}" for name in LIBRARIES)]
    importable = installation.run("-c", IMPORTABLE.format(names=modules)).split()
    assert importable == [LIBRARIES[backend], f"genelab_backend_{backend}"]


def test_the_tasks_are_there_and_no_plugin_misses_the_others(installation, backend):
    listed = installation.listed()
    assert listed["backends"] == {BACKENDS[backend]}
    assert TASK in listed["tasks"]
    assert listed["plugins"] == {"genelab-core", f"genelab-backend-{backend}", "genelab-tasks-locomotion"}


def test_a_backend_that_is_not_there_is_named_with_the_pip_command(installation, backend):
    for other in LIBRARIES.keys() - {backend}:
        done = installation.tried(installation.command, "train", TASK, "--backend", BACKENDS[other])
        assert done.returncode == 2
        assert f"backend '{BACKENDS[other]}' is not installed" in done.stderr
        assert f"pip install genelab-backend-{other}" in done.stderr
