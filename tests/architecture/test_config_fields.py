"""A config field that nothing reads is a defect: somebody would set it and wait for an effect."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def config_fields(source: str) -> list[tuple[str, str]]:
    """Return (class, field) of every `@configclass` in `source`."""
    fields = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(item) == "configclass" for item in node.decorator_list):
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    fields.append((node.name, item.target.id))
    return fields


def names_read(source: str) -> set[str]:
    """Return the attribute names that `source` reads."""
    nodes = ast.walk(ast.parse(source))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


@cache
def sources() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("genelab-*/src/**/*.py"))}


def handed_on(path: Path) -> bool:
    """Return whether the configs in `path` go to an RL library as a whole, which then reads their fields."""
    return path.match("genelab_backend_*/config.py")


@cache
def all_names_read() -> set[str]:
    return set().union(*(names_read(source) for source in sources().values()))


def test_every_config_field_is_read_somewhere() -> None:
    fields = [field for path, source in sources().items() if not handed_on(path) for field in config_fields(source)]
    assert len(fields) > 100
    dead = [f"{owner}.{field}" for owner, field in fields if field not in all_names_read()]
    assert dead == [], "nothing reads these: delete them or use them"


def test_the_search_sees_fields_and_reads() -> None:
    source = (
        "@configclass\nclass A:\n    used: int = 1\n    dead: int = 2\n\ndef f(a):\n    a.dead = 3\n    return a.used\n"
    )
    assert config_fields(source) == [("A", "used"), ("A", "dead")]
    assert "used" in names_read(source)
    assert "dead" not in names_read(source)
