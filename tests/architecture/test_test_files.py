"""Rules of the tests themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_every_module_has_a_name_of_its_own() -> None:
    """Pytest imports test modules and their neighbours by base name; the second of a name would be the first."""
    names = Counter(path.name for path in TESTS.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
