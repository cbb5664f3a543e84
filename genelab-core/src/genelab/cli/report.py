"""`genelab report`: one HTML page about a run, seeds, or a benchmark."""

from __future__ import annotations

from pathlib import Path

import click

from genelab.console.options.common import force_option, hyphens
from genelab.utils.files import check_output


@click.command(short_help="Write an HTML page about a run.", context_settings={"token_normalize_func": hyphens})
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN|FOLDER")
@click.option("--out", type=click.Path(path_type=Path), default="report.html", show_default=True, help="File to write.")
@click.option(
    "--video-mib",
    type=click.FloatRange(min=0),
    default=16.0,
    show_default=True,
    help="Embed videos while they take no more than so many MiB together; the others are linked.",
)
@force_option
def command(run: Path, out: Path, video_mib: float, force: bool) -> None:
    """Write one page: curves, evaluations with intervals, terminations, configuration, provenance and videos.

    RUN is a run directory, a folder of several seeds or tasks, or a benchmark's folder. The page is self-contained: it
    loads nothing from elsewhere, and there are no scripts in it.
    """
    check_output(out, force=force)
    if not run.exists():
        from genelab.utils.errors import UsageError

        raise UsageError(f"no such run: {run}")
    from genelab.reports.html.writing import write_html_report

    linked = write_html_report(run, out, video_mib=video_mib)
    if linked:
        click.echo(f"{linked} videos are linked, not embedded: --video-mib {video_mib:g}", err=True)
    click.echo(f"{out}  ({out.stat().st_size / 2**20:.1f} MiB)")
