from __future__ import annotations

import subprocess
import sys

import pytest

from genelab.runs import capacity
from genelab.utils.errors import UsageError


@pytest.fixture
def small_machine(monkeypatch):
    monkeypatch.setattr(capacity, "_whole_memory", lambda gpu: (8 * 2**30, "this machine"))


def test_more_envs_than_the_whole_memory_could_hold_are_refused_with_the_numbers(small_machine):
    capacity.require_room(262_144, gpu=False)
    with pytest.raises(UsageError, match=r"300000 envs need at least 9 GiB, this machine has 8 GiB[\s\S]*262144"):
        capacity.require_room(300_000, gpu=False)


def test_a_user_who_knows_better_is_believed(small_machine, monkeypatch):
    with pytest.raises(UsageError, match=capacity.UNCHECKED):
        capacity.require_room(10**9, gpu=False)
    monkeypatch.setenv(capacity.UNCHECKED, "1")
    capacity.require_room(10**9, gpu=False)


@pytest.mark.parametrize(("text", "limit"), [("max\n", None), ("1073741824\n", 2**30)])
def test_the_limit_of_a_container_counts(tmp_path, text, limit):
    file = tmp_path / "memory.max"
    file.write_text(text)
    assert capacity._container_limit(file) == limit
    assert capacity._container_limit(tmp_path / "none") is None


def test_a_number_of_envs_that_no_memory_holds_is_refused_before_anything_heavy_is_imported():
    code = """
import sys
from genelab.cli import main
sys.argv = "genelab train GeneLab-Inverted-Pendulum-v0 --num-envs 1000000000 --env.simulation.gpu false".split()
try:
    main()
finally:
    print([name for name in ("torch", "genesis", "numpy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "1000000000 envs need at least" in done.stderr
    assert done.stdout == "[]\n"
