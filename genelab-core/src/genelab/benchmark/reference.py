"""An earlier benchmark that a new one is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.benchmark.running import BenchmarkEntry
from genelab.eval.document import Evaluation
from genelab.eval.report import read_report
from genelab.jobs.benchmark_record import FILE, read_benchmark
from genelab.utils.errors import UsageError


@dataclass(frozen=True)
class Reference:
    """The finished entries of an earlier benchmark.

    Attributes:
        path: Its report.
        records: Their records in it.
    """

    path: Path
    records: list[dict[str, Any]]

    def eval_path(self, record: dict[str, Any]) -> Path:
        return self.path.parent / record["eval"]

    def result(self, record: dict[str, Any]) -> Evaluation:
        """Return the evaluation of an entry, rows included."""
        return read_report(self.eval_path(record))

    def match(self, entries: Sequence[BenchmarkEntry]) -> dict[str, dict[str, Any]]:
        """Return the record to compare each entry with, by the entry's name.

        It is the one of the same task, checkpoint, randomized and overrides; where each side has a single entry of
        these but for the checkpoint, that one: a new checkpoint is compared with the old one.

        Raises:
            UsageError: if a record measured other episodes than its entry does, or no entry has a record.
        """
        matched = {}
        for entry in entries:
            same = [record for record in self.records if _scene(record) == _own_scene(entry)]
            exact = [record for record in same if record["checkpoint"] == entry.entry.checkpoint]
            alone = sum(_own_scene(other) == _own_scene(entry) for other in entries) == 1
            candidates = exact or (same if alone else [])
            if len(candidates) == 1:
                matched[entry.name] = candidates[0]
        if not matched:
            raise UsageError("the reference has none of the suite's entries", where=str(self.path))
        for entry in entries:
            if entry.name in matched and entry.inputs is not None:
                where = f"{entry.name} against {self.eval_path(matched[entry.name])}"
                _require_same_protocol(matched[entry.name]["inputs"], entry.inputs, where=where)
        return matched


def open_reference(path: Path) -> Reference:
    """Open the report of a benchmark, or the folder that holds it.

    Raises:
        UsageError: if there is none, or it lies there without the `eval.json` files, whose episodes are compared.
    """
    path = path / FILE if path.is_dir() else path
    document = read_benchmark(path)
    reference = Reference(path, [entry for entry in document["entries"] if entry["state"] == "finished"])
    missing = [record["eval"] for record in reference.records if not reference.eval_path(record).is_file()]
    if missing:
        raise UsageError(
            f"the reference's evaluations are missing: {', '.join(missing)}",
            where=str(path.parent),
            fix="keep them beside the report: the comparison pairs their episodes",
        )
    return reference


def _scene(record: dict[str, Any]) -> tuple[Any, ...]:
    inputs = record["inputs"]
    return (record["task"], inputs["randomized"], inputs["overrides"])


def _own_scene(entry: BenchmarkEntry) -> tuple[Any, ...]:
    return (entry.entry.task, entry.entry.randomized, dict(entry.entry.overrides))


def _require_same_protocol(then: dict[str, Any], now: dict[str, Any], *, where: str) -> None:
    """Refuse to compare with a reference that measured other episodes, before anything is measured.

    Raises:
        UsageError: if it did.
    """
    measured = ("task", "episodes", "seed", "randomized", "config_sha256")
    different = [f"{name}: {then.get(name)} against {now[name]}" for name in measured if then.get(name) != now[name]]
    if different:
        raise UsageError(
            "the reference measured something else:\n    " + "\n    ".join(different),
            where=where,
            fix="run the reference's suite again, or restore what it measured",
        )
