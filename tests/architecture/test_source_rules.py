"""Rules that every source file keeps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(ROOT.glob("genelab-*/src/**/*.py"))
FILES = [*SOURCES, *sorted(ROOT.glob("tests/**/*.py")), *sorted(ROOT.glob("scripts/*.py"))]
MAX_LINES = 600

UNSAFE_ARGUMENTS = {("weights_only", False), ("allow_pickle", True)}
UNSAFE_CALLS = {"pickle.load", "pickle.loads", "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_sources_to_check() -> None:
    assert len(SOURCES) > 50


def test_no_file_is_longer_than_600_lines() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}, "split by idea"


def unsafe_loads(source: str) -> list[str]:
    """Return the calls in `source` that could execute what a file holds."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in UNSAFE_ARGUMENTS:
                found.append(f"line {node.lineno}: {keyword.arg}={keyword.value.value}")
        if ast.unparse(node.func) in UNSAFE_CALLS:
            found.append(f"line {node.lineno}: {ast.unparse(node.func)}")
        if ast.unparse(node.func) == "torch.load" and all(keyword.arg != "weights_only" for keyword in node.keywords):
            found.append(f"line {node.lineno}: torch.load without weights_only=True")
    return found


def test_nothing_is_unpickled() -> None:
    found = {name(path): unsafe_loads(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "call",
    ["torch.load(p)", "torch.load(p, weights_only=False)", "numpy.load(p, allow_pickle=True)", "pickle.loads(b)"],
)
def test_the_search_for_unsafe_loads_finds_them(call: str) -> None:
    assert unsafe_loads(call)


def test_no_file_knows_a_machine_or_a_package_index() -> None:
    words = ("/" + "root/", "/" + "work/", "index" + "-url", "trusted" + "-host")
    found = [(name(path), word) for path in FILES for word in words if word in path.read_text(encoding="utf-8")]
    assert found == []
