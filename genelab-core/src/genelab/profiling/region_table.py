"""What a profile found, by region: as a record, and as a table. Light."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genelab.profiling.regions import Regions


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
    def of(cls, regions: Regions, steps: int, seconds: float, device_ms: dict[str, float]) -> RegionReport:
        """Summarise what `regions` timed.

        Args:
            regions: The regions.
            steps: Recorded steps, at least one.
            seconds: Time of them all.
            device_ms: Work on the GPU by the region's own name; empty on a CPU.
        """
        rows = [
            RegionRow(
                path=list(region.path),
                calls=region.calls / steps,
                ms=1e3 * region.seconds / steps,
                share=region.seconds / seconds,
                device_ms=device_ms[region.path[-1]] / steps if region.path[-1] in device_ms else None,
            )
            for region in _in_order(regions)
        ]
        step_ms = 1e3 * seconds / steps
        start = min((began for _, began, _ in regions.spans), default=0.0)
        spans = [(list(path), 1e3 * (began - start), 1e3 * (ended - start)) for path, began, ended in regions.spans]
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
        on_gpu = any(row.device_ms is not None for row in self.rows)
        lines = [["region", "calls", "ms", "share", *(["GPU ms"] if on_gpu else [])]]
        lines.append(["one step", "", f"{self.step_ms:.3f}", "100.0%", *([""] if on_gpu else [])])
        for row in self.rows:
            device = [] if not on_gpu else ["" if row.device_ms is None else f"{row.device_ms:.3f}"]
            name = "  " * len(row.path) + row.path[-1]
            lines.append([name, f"{row.calls:.4g}", f"{row.ms:.3f}", f"{row.share:.1%}", *device])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = [
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
            for line in lines
        ]
        return "\n".join("  ".join(cells) for cells in aligned)


def _in_order(regions: Regions) -> list[Any]:
    """Return the regions so that each follows the one around it, larger ones first."""

    def below(parent: tuple[str, ...]) -> list[Any]:
        children = [region for path, region in regions.regions.items() if path[:-1] == parent]
        children.sort(key=lambda region: -region.seconds)
        return [row for child in children for row in (child, *below(child.path))]

    return below(())
