"""`genelab prof open`: a recording as one page with its table, a picture of a step and buttons that open the traces."""

from __future__ import annotations

import contextlib
import webbrowser
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import quote, unquote

import click

from genelab.profiling.recordings import FOLDER, Recording, RegionReport, find_recording
from genelab.sim.viewer import has_display
from genelab.utils.errors import GenelabError, UsageError

_WIDTH, _ROW = 1200, 24

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


@click.group()
def command() -> None:
    """Look at what --prof recorded."""


@command.command("open")
@click.argument("path", type=click.Path(path_type=Path), default=Path("logs") / FOLDER, metavar="[RUN|FOLDER|TRACE]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve the page at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to serve it at, without a display too.  [default: any]"
)
def open_command(path: Path, host: str, port: int | None) -> None:
    """Open the newest recording of a run, of a folder (logs/torch_profile, where play records) or of one trace.

    A page with the table by region, a picture of a step and the traces opens in the browser; Ctrl-C ends it. Without a
    display the table and the paths are printed, unless --port says where to serve the page.
    """
    recording = find_recording(path)
    if port is None and not has_display():
        _print(recording, path)
        return
    with RecordingServer(recording, host, port or 0) as server:
        click.echo(f"{server.url}  (Ctrl-C ends it)")
        if has_display():
            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _print(recording: Recording, path: Path) -> None:
    if recording.report is not None:
        click.echo(recording.report.table())
    for trace in recording.traces:
        click.echo(f"{trace}  ({_megabytes(trace)} MB)")
    click.echo("https://ui.perfetto.dev and chrome://tracing open the traces. To look at them from another machine:")
    click.echo(f"  here:  genelab prof open {path} --port 9001")
    click.echo("  there: ssh -L 9001:127.0.0.1:9001 THIS-MACHINE, and open http://127.0.0.1:9001")


class RecordingServer(ThreadingHTTPServer):
    """Answers `/` with the page and `/<name of a trace>` with the trace; nothing else of the disk can be reached.

    Args:
        recording: What to show.
        host: Address to listen at.
        port: Port; 0 takes any free one.

    Raises:
        GenelabError: if the address cannot be taken.
        UsageError: for a port that is taken.
    """

    daemon_threads = True

    def __init__(self, recording: Recording, host: str, port: int) -> None:
        self.page = recording_page(recording).encode()
        self.traces = {trace.name: trace for trace in recording.traces}
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            kind = UsageError if port else GenelabError
            raise kind(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                where="--host, --port",
                fix="give another --port, or none for any free one",
            ) from error

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}/"


class _Handler(BaseHTTPRequestHandler):
    server: RecordingServer

    def do_GET(self) -> None:
        name = unquote(self.path).removeprefix("/")
        trace = self.server.traces.get(name)
        if not name:
            self._answer(self.server.page, "text/html; charset=utf-8")
        elif trace is not None:
            self._answer(trace.read_bytes(), "application/gzip" if trace.suffix == ".gz" else "application/json")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet."""

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def recording_page(recording: Recording) -> str:
    """Return the page as HTML; traces are linked by their names."""
    links = [
        _TRACE.substitute(address=quote(trace.name), name=escape(trace.name), size=_megabytes(trace))
        for trace in recording.traces
    ]
    report = recording.report
    regions = report and _REGIONS.substitute(steps=report.steps, table=escape(report.table()), picture=_picture(report))
    return _PAGE.substitute(
        title=escape(recording.traces[0].name.split("_trace_")[0] if recording.traces else "recording"),
        width=_WIDTH,
        regions=regions or "",
        traces="".join(links) or "<li>none: the files have been removed</li>",
    )


def _megabytes(trace: Path) -> str:
    return f"{trace.stat().st_size / 1e6:.1f}"


def _picture(report: RegionReport) -> str:
    """Return the first step as SVG: time from left to right, regions within a region below it."""
    names = list(dict.fromkeys(path[-1] for path, _, _ in report.spans))
    depth = max((len(path) for path, _, _ in report.spans), default=1)
    scale = _WIDTH / max((ended for _, _, ended in report.spans), default=1.0)
    boxes = [_box(path, began, ended, scale, 137 * names.index(path[-1])) for path, began, ended in report.spans]
    return f'<svg viewBox="0 0 {_WIDTH} {depth * _ROW}">{"".join(boxes)}</svg>'


def _box(path: Sequence[str], began: float, ended: float, scale: float, hue: int) -> str:
    name, top, left, width = escape(path[-1]), (len(path) - 1) * _ROW, began * scale, (ended - began) * scale
    label = f'<text x="{left + 4:.1f}" y="{top + 16}">{name}</text>' if width > 8 * len(path[-1]) + 8 else ""
    return (
        f'<g><title>{name}: {ended - began:.3f} ms</title><rect x="{left:.2f}" y="{top}" width="{max(width, 0.3):.2f}" '
        f'height="{_ROW - 2}" fill="hsl({hue % 360} 45% 42%)"/>{label}</g>'
    )
