"""`genelab --help`, `list` and `plugins` stay fast and light, however many packs are installed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "genesis", "numpy", "scipy", "pydantic", "gymnasium", "rich", "rsl_rl", "skrl", "stable_baselines3")
LIGHT_COMMANDS = [(), ("--help",), ("list",), ("plugins",), ("plugins", "list", "--json"), ("--version",)]

PACK = """
from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(id=f"Pack-{number}-Task-{{i}}-v0", config="pack_{number}.tasks:make", summary="One of many")
        for i in range(20)
    ]
"""

SPY = """
import runpy, sys
sys.argv = ["genelab", *sys.argv[1:]]
try:
    runpy.run_module("genelab", run_name="__main__")
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = [name for name in {heavy!r} if name in sys.modules]
assert not heavy, f"imported: {{heavy}}"
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment variable table in which ten packs with twenty tasks each are installed."""
    site = tmp_path_factory.mktemp("site")
    for number in range(10):
        package, info = site / f"pack_{number}", site / f"pack_{number}-1.0.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "plugin.py").write_text(PACK.format(number=number))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pack-{number}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[genelab]\npack-{number} = pack_{number}.plugin\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GENELAB_")}
    return {**clean, "PYTHONPATH": str(site)}


@pytest.mark.parametrize("arguments", LIGHT_COMMANDS, ids=" ".join)
def test_nothing_heavy_is_imported(environment, arguments):
    spy = [sys.executable, "-c", SPY.format(heavy=HEAVY), *arguments]
    done = subprocess.run(spy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_search_for_heavy_modules_finds_one(environment):
    spy = [sys.executable, "-c", SPY.format(heavy=("click",)), "list"]
    done = subprocess.run(spy, env=environment, capture_output=True, text=True, check=False)
    assert "imported: ['click']" in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("plugins", "list")], ids=" ".join)
def test_it_starts_within_its_budget_of_processor_time(environment, arguments, record_property):
    """Processor time, as tests share the machine; on an idle one it is the wall time, for nothing is waited for."""
    command = [sys.executable, "-m", "genelab", *arguments]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    walls, processor = [], []
    for _ in range(10):
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, env=environment, capture_output=True, check=True)
        walls.append(time.perf_counter() - start)
        after = os.times()
        processor.append(after.children_user + after.children_system - before.children_user - before.children_system)
    record_property("median wall seconds", statistics.median(walls))
    print(f"genelab {' '.join(arguments)}: median {statistics.median(walls):.3f} s, processor {min(processor):.3f} s")
    assert min(processor) < 0.3


def test_ten_packs_are_listed(environment):
    listed = [sys.executable, "-m", "genelab", "list", "tasks"]
    done = subprocess.run(listed, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count("One of many") == 200
