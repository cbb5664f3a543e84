"""Writes a report as one HTML file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from genelab import __version__
from genelab.reports.html.elements import Html, element
from genelab.reports.html.pages import page_of
from genelab.reports.html.videos import MIB, VideoBudget
from genelab.runs.run_dir import now
from genelab.utils.files import write_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
"""What the browser may load for the page: nothing that is not in it. Scripts do not run."""


def write_html_report(path: Path, out: Path, *, video_mib: float = 16.0) -> int:
    """Write the report about a run, a folder of seeds, or a benchmark.

    Args:
        path: What to report on.
        out: File to write or replace.
        video_mib: Videos are embedded while they take no more than so many MiB together; others are linked.

    Returns:
        Number of videos that are linked.

    Raises:
        UsageError: if there is nothing to report on at `path`.
    """
    videos = VideoBudget(out, int(video_mib * MIB))
    title, content = page_of(path, videos)
    style = resources.files("genelab.reports.html").joinpath("style.css").read_text(encoding="utf-8")
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Html(style)),
    ]
    footer = element("p", f"GeneLab {__version__}, {now()}", class_="soft")
    page = element("html", element("head", head), element("body", element("h1", title), content, footer), lang="en")
    write_text(out, f"<!doctype html>\n{page}\n")
    return videos.linked
