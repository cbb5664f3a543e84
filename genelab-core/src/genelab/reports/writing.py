"""Writes a report as one HTML file: the chapters' first lines, then every section that a plugin registers."""

from __future__ import annotations

import base64
import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from genelab import __version__
from genelab.api import ReportSectionSpec
from genelab.console.tables.text import number
from genelab.plugins.catalog import Catalog, get_catalog
from genelab.reports.chapters import Chapter, chapters_of
from genelab.reports.content import Part, Section, Text
from genelab.reports.curves import Panel
from genelab.reports.figure import Drawing, inline_drawing
from genelab.utils.errors import GenelabError
from genelab.utils.files import write_text

MIB = 2**20


@dataclass(frozen=True)
class Written:
    """What became of a page.

    Attributes:
        linked: Number of videos that the page links to because they are too large.
        problems: A message for each section that could not be made; the page says the same in its place.
    """

    linked: int
    problems: list[str]


def write_html_report(path: Path, out: Path, *, video_mib: float = 16.0) -> Written:
    """Write the report about a run, a folder of seeds, or a benchmark.

    Args:
        path: What to report on.
        out: File to write or replace.
        video_mib: Videos are embedded while they take no more than so many MiB together; others are linked.

    Raises:
        UsageError: if there is nothing to report on at `path`.
    """
    title, head, chapters = chapters_of(path)
    renderer = _Renderer(out, int(video_mib * MIB))
    content = [renderer.parts(head)]
    for chapter in chapters:
        content += [renderer.parts(chapter.head), *renderer.sections(chapter, get_catalog())]
    write_text(out, renderer.page(title, content))
    return Written(renderer.linked, renderer.problems)


class _Renderer:
    """Turns parts into HTML by the templates beside this module, and counts what a page has one of.

    Attributes:
        linked: Videos that did not fit so far.
        problems: Sections that could not be made so far.
    """

    def __init__(self, page: Path, video_bytes: int) -> None:
        self.linked, self.problems = 0, list[str]()
        self._folder, self._left, self._drawings = page.absolute().parent, video_bytes, 0
        self._templates = Environment(
            loader=PackageLoader("genelab.reports", "html"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"number": number, "drawing": self._drawing, "embedded": self._embedded}
        self._templates.globals |= {"version": __version__, "link": self._link}

    def page(self, title: str, content: Sequence[Markup]) -> str:
        """Return the whole page."""
        return self._templates.get_template("page.html").render(title=title, content=content)

    def parts(self, parts: Sequence[Part]) -> Markup:
        """Return parts as HTML."""
        macros: Any = self._templates.get_template("parts.html").module
        return macros.all(parts, 2)

    def sections(self, chapter: Chapter, catalog: Catalog) -> list[Markup]:
        """Return every section that has something to say, in the order of the records."""
        specs = sorted(catalog.report_sections.items(), key=lambda item: (item[1].order, item[0]))
        return [self._section(chapter, catalog, name, spec) for name, spec in specs]

    def _section(self, chapter: Chapter, catalog: Catalog, name: str, spec: ReportSectionSpec) -> Markup:
        try:
            made: Section | None = catalog.load(spec, spec.section)(chapter.subject)
            return self.parts([made] if made is not None and made.parts else [])
        except Exception as error:  # a stranger's code: the other sections are worth having
            if os.environ.get("GENELAB_DEBUG") == "1":
                raise
            said = error.format() if isinstance(error, GenelabError) else traceback.format_exception_only(error)[-1]
            self.problems.append(f"section {name} of plugin {catalog.owner(spec).name}: {said.strip()}")
            return self.parts([Section(name, [Text(f"This section could not be made. {self.problems[-1]}", "fail")])])

    def _drawing(self, panel: Panel, small: bool) -> Drawing:
        self._drawings += 1
        width, height = (250, 145) if small else (840, 290)
        return inline_drawing(panel, width=width, height=height, number=self._drawings)

    def _embedded(self, video: Path) -> str | None:
        """Return a video as the source of a player; `None` if it is too large for what is left."""
        size = video.stat().st_size
        if size > self._left:
            self.linked += 1
            return None
        self._left -= size
        return f"data:video/mp4;base64,{base64.b64encode(video.read_bytes()).decode()}"

    def _link(self, file: Path) -> str:
        return quote(os.path.relpath(file, self._folder))
