"""What `--prof` has left on disk: where it lies, and how it is found again. Light."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from genelab.profiling.region_table import RegionReport
from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

FOLDER = "torch_profile"
"""Name of the folder, in a run for `train`."""

PLAYED = Path("logs") / FOLDER
"""Where `play` puts what it recorded."""

_TRACE = re.compile(r"(?P<stamp>.+)_trace_\d+\.json\.gz")
_REGIONS = "_regions.json"


@dataclass(frozen=True)
class RecordedProfile:
    """One recording.

    Attributes:
        traces: Chrome traces, in the order of time.
        report: Times by region; `None` for a trace that something else wrote.
    """

    traces: list[Path]
    report: RegionReport | None = None


def find_profile(path: Path) -> RecordedProfile:
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


def _of_report(path: Path) -> RecordedProfile:
    report = RegionReport.from_json(read_json(path))
    return RecordedProfile([trace for name in report.traces if (trace := path.parent / name).exists()], report)


def _of_trace(path: Path) -> RecordedProfile:
    if not path.name.endswith((".json", ".json.gz")) or path.name.endswith(_REGIONS):
        raise UsageError(f"{path.name} is no trace", where=str(path.absolute()), fix="name a .json.gz or .json file")
    ours = _TRACE.fullmatch(path.name)
    if ours is not None and (report := path.with_name(f"{ours['stamp']}{_REGIONS}")).exists():
        return RecordedProfile([path], _of_report(report).report)
    return RecordedProfile([path])
