"""What `--prof` leaves on disk: times by region, as a record and as a table, beside traces. Light."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genelab.console.tables.text import table
from genelab.profiling.stopwatch import Region, Stopwatch
from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

FOLDER = "torch_profile"
"""Name of the folder: in a run for `train`, in `logs/` for `play`."""

_TRACE = re.compile(r"(?P<stamp>.+)_trace_\d+\.json\.gz")
_REGIONS = "_regions.json"


@dataclass
class RegionRow:
    """Times of one region, per recorded step.

    Attributes:
        path: Names of the regions around it and its own.
        calls: Calls in a step.
        ms: Time in a step, regions within it included, ms of the host.
        share: That, as a part of the step.
        device_ms: Work on the GPU that calls of this name started, in a step, ms; `None` on a CPU.
    """

    path: list[str]
    calls: float
    ms: float
    share: float
    device_ms: float | None = None


@dataclass
class RegionReport:
    """What `<time>_regions.json` holds.

    Attributes:
        steps: Recorded steps.
        step_ms: Mean time of one, ms, the profiler's own cost included.
        rows: Regions, each after the one around it.
        spans: Path, begin and end, ms since the first, of the calls in about one step, for a picture of it.
        traces: Names of the trace files beside it.
    """

    steps: int
    step_ms: float
    rows: list[RegionRow]
    spans: list[tuple[list[str], float, float]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, watch: Stopwatch, steps: int, seconds: float, device_ms: Mapping[str, float]) -> RegionReport:
        """Summarise what `watch` timed.

        Args:
            watch: The stopwatch.
            steps: Recorded steps, at least one.
            seconds: Time of them all.
            device_ms: Work on the GPU by label; empty on a CPU.
        """
        rows = [
            RegionRow(
                path=list(region.path),
                calls=region.calls / steps,
                ms=1e3 * region.seconds / steps,
                share=region.seconds / seconds,
                device_ms=device_ms[region.path[-1]] / steps if region.path[-1] in device_ms else None,
            )
            for region in _nested(watch.regions, ())
        ]
        step_ms = 1e3 * seconds / steps
        start = min((began for _, began, _ in watch.spans), default=0.0)
        spans = [(list(path), 1e3 * (began - start), 1e3 * (ended - start)) for path, began, ended in watch.spans]
        return cls(steps, step_ms, rows, [span for span in spans if span[1] < step_ms])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RegionReport:
        rows = [RegionRow(**row) for row in value["rows"]]
        spans = [(path, began, ended) for path, began, ended in value["spans"]]
        return cls(value["steps"], value["step_ms"], rows, spans, value["traces"])

    def table(self) -> str:
        """Return the table as plain text, regions indented below the one around them."""
        rows = [["one step", "", f"{self.step_ms:.3f}", "100.0%", ""]]
        for row in self.rows:
            name = "  " * len(row.path) + row.path[-1]
            device = "" if row.device_ms is None else f"{row.device_ms:.3f}"
            rows.append([name, f"{row.calls:.4g}", f"{row.ms:.3f}", f"{row.share:.1%}", device])
        columns = 5 if any(row.device_ms is not None for row in self.rows) else 4
        headings = ["region", "calls", "ms", "share", "GPU ms"]
        return table([row[:columns] for row in rows], headings[:columns], numbers=True)


def _nested(regions: Mapping[tuple[str, ...], Region], parent: tuple[str, ...]) -> list[Region]:
    """Return the regions below `parent` so that each follows the one around it, larger ones first."""
    children = sorted((item for path, item in regions.items() if path[:-1] == parent), key=lambda item: -item.seconds)
    return [region for child in children for region in (child, *_nested(regions, child.path))]


@dataclass(frozen=True)
class Recording:
    """One recording.

    Attributes:
        traces: Chrome traces, in the order of time.
        report: Times by region; `None` for a trace that something else wrote.
    """

    traces: list[Path]
    report: RegionReport | None = None


def find_recording(path: Path) -> Recording:
    """Return the newest recording of a run or of a folder of recordings, or the one that a trace belongs to.

    Raises:
        UsageError: if there is none.
        GenelabError: for a table by region that is no JSON.
    """
    if path.is_file():
        return _of_trace(path)
    folder = path / FOLDER if (path / FOLDER).is_dir() else path
    reports = sorted(folder.glob(f"*{_REGIONS}"))
    if reports:
        return _of_report(reports[-1])
    raise UsageError(
        f"{path} holds no recording of torch's profiler" if path.exists() else f"there is no {path}",
        where=str(folder.absolute()),
        fix="record one: add --prof to genelab train or genelab play; or name a run, its torch_profile/ or a trace",
    )


def _of_report(path: Path) -> Recording:
    report = RegionReport.from_json(read_json(path))
    return Recording([trace for name in report.traces if (trace := path.parent / name).exists()], report)


def _of_trace(path: Path) -> Recording:
    if not path.name.endswith((".json", ".json.gz")) or path.name.endswith(_REGIONS):
        raise UsageError(f"{path.name} is no trace", where=str(path.absolute()), fix="name a .json.gz or .json file")
    ours = _TRACE.fullmatch(path.name)
    if ours is not None and (report := path.with_name(f"{ours['stamp']}{_REGIONS}")).exists():
        return Recording([path], _of_report(report).report)
    return Recording([path])
