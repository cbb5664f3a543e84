"""The report of a benchmark as a file, for those that read it: a later benchmark, and the page about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

SCHEMA = "genelab.benchmark/1"
FILE = Path("benchmark.json")


def read_benchmark(path: Path) -> dict[str, Any]:
    """Read a benchmark's report.

    Raises:
        UsageError: if `path` is something else.
    """
    document = read_json(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"{path.name} is no benchmark's report ({SCHEMA})", where=str(path))
    return document
