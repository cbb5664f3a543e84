"""`genelab prof`: look at what `--prof` recorded."""

from __future__ import annotations

import contextlib
import webbrowser
from pathlib import Path

import click

from genelab.profiling.recording import PLAYED, RecordedProfile, find_profile
from genelab.sim.viewer import has_display


@click.group()
def command() -> None:
    """Look at what --prof recorded."""


@command.command("open")
@click.argument("path", type=click.Path(path_type=Path), default=PLAYED, metavar="[RUN|FOLDER|TRACE]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve the page at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to serve it at, without a display too.  [default: any]"
)
def open_command(path: Path, host: str, port: int | None) -> None:
    """Open the newest recording of a run, of a folder (logs/torch_profile, where play records) or of one trace.

    A page with the table by region, a picture of a step and the traces opens in the browser; Ctrl-C ends it. Without a
    display the table and the paths are printed, unless --port says where to serve the page.
    """
    recorded = find_profile(path)
    if port is None and not has_display():
        _print(recorded, path)
        return

    from genelab.profiling.server import ProfileServer

    with ProfileServer(recorded, host, port or 0) as server:
        click.echo(f"{server.url}  (Ctrl-C ends it)")
        if has_display():
            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _print(recorded: RecordedProfile, path: Path) -> None:
    if recorded.report is not None:
        click.echo(recorded.report.table())
    for trace in recorded.traces:
        click.echo(f"{trace}  ({trace.stat().st_size / 1e6:.1f} MB)")
    click.echo("https://ui.perfetto.dev and chrome://tracing open the traces. To look at them from another machine:")
    click.echo(f"  here:  genelab prof open {path} --port 9001")
    click.echo("  there: ssh -L 9001:127.0.0.1:9001 THIS-MACHINE, and open http://127.0.0.1:9001")
