"""A recording as one page: the table by region, a picture of a step, and buttons that open the traces in Perfetto."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from string import Template
from urllib.parse import quote

from genelab.profiling.recording import RecordedProfile
from genelab.profiling.region_table import RegionReport

_WIDTH, _ROW = 1200, 24
_COLOURS = (
    "#4e79a7",
    "#f28e2b",
    "#59a14f",
    "#e15759",
    "#76b7b2",
    "#edc948",
    "#b07aa1",
    "#9c755f",
    "#d37295",
    "#499894",
    "#b6992d",
)

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>genelab prof: $title</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: ${width}px; padding: 0 1rem; }
  pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; }
  svg { width: 100%; height: auto; background: #f4f4f4; }
  svg text { font: 12px system-ui, sans-serif; fill: #fff; }
</style>
<h1>$title</h1>
$regions
<h2>Traces</h2>
<p>Perfetto runs in the browser; the trace is handed to it there and does not leave this machine.
<code>chrome://tracing</code> opens the downloaded files, too.</p>
<ul>$traces</ul>
<script>
  const PERFETTO = "https://ui.perfetto.dev";
  // The window answers PONG once it listens; only then can it take the trace.
  async function openInPerfetto(name) {
    const perfetto = window.open(PERFETTO);
    const buffer = await (await fetch(name)).arrayBuffer();
    const asking = setInterval(() => perfetto.postMessage("PING", PERFETTO), 100);
    window.addEventListener("message", function ready(event) {
      if (event.source !== perfetto || event.data !== "PONG") return;
      clearInterval(asking);
      window.removeEventListener("message", ready);
      perfetto.postMessage({ perfetto: { buffer, title: name } }, PERFETTO);
    });
  }
  for (const button of document.querySelectorAll("button[data-trace]"))
    button.onclick = () => openInPerfetto(button.dataset.trace);
</script>
</html>
""")

_TRACE = Template(
    '<li><a href="$address" download>$name</a> ($size MB) <button data-trace="$address">open in Perfetto</button></li>'
)

_REGIONS = Template("""\
<h2>Time by region, per step (mean of $steps)</h2>
<pre>$table</pre>
<h2>The first recorded step</h2>
$picture
""")


def profile_page(recorded: RecordedProfile) -> str:
    """Return the page as HTML; traces are linked by their names."""
    links = [
        _TRACE.substitute(address=quote(trace.name), name=escape(trace.name), size=f"{trace.stat().st_size / 1e6:.1f}")
        for trace in recorded.traces
    ]
    return _PAGE.substitute(
        title=escape(recorded.traces[0].name.split("_trace_")[0] if recorded.traces else "recording"),
        width=_WIDTH,
        regions="" if recorded.report is None else _regions(recorded.report),
        traces="".join(links) or "<li>none: the files have been removed</li>",
    )


def _regions(report: RegionReport) -> str:
    return _REGIONS.substitute(steps=report.steps, table=escape(report.table()), picture=_picture(report))


def _picture(report: RegionReport) -> str:
    """Return the first step as SVG: time from left to right, regions within a region below it."""
    names = list(dict.fromkeys(path[-1] for path, _, _ in report.spans))
    depth = max((len(path) for path, _, _ in report.spans), default=1)
    scale = _WIDTH / max((ended for _, _, ended in report.spans), default=1.0)
    boxes = [_box(path, began, ended, scale, names.index(path[-1])) for path, began, ended in report.spans]
    return f'<svg viewBox="0 0 {_WIDTH} {depth * _ROW}">{"".join(boxes)}</svg>'


def _box(path: Sequence[str], began: float, ended: float, scale: float, colour: int) -> str:
    name, top, left, width = escape(path[-1]), (len(path) - 1) * _ROW, began * scale, (ended - began) * scale
    label = f'<text x="{left + 4:.1f}" y="{top + 16}">{name}</text>' if width > 8 * len(path[-1]) + 8 else ""
    return (
        f'<g><title>{name}: {ended - began:.3f} ms</title><rect x="{left:.2f}" y="{top}" width="{max(width, 0.3):.2f}" '
        f'height="{_ROW - 2}" fill="{_COLOURS[colour % len(_COLOURS)]}"/>{label}</g>'
    )
