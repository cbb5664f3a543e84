"""Videos in a page: inside it while they fit, linked otherwise."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote

from genelab.reports.html.elements import Html, element, section

MIB = 2**20


class VideoBudget:
    """Embeds videos until their bytes are used up.

    Args:
        page: The page's file, to which links are relative.
        limit: Bytes of all embedded videos together.

    Attributes:
        linked: Number of videos that did not fit.
    """

    def __init__(self, page: Path, limit: int) -> None:
        self._page, self._left = page, limit
        self.linked = 0

    def section(self, folders: dict[str, Path]) -> Html | None:
        """Return a section with the videos below folders, which are given by label; nothing if there are none."""
        found = {label: sorted(folder.rglob("*.mp4")) for label, folder in folders.items()}
        shown = [
            self._show(path, " ".join(filter(None, [label, str(path.relative_to(folders[label]))])))
            for label, paths in found.items()
            for path in paths
        ]
        return section("Videos", element("div", shown, class_="videos") if shown else None)

    def _show(self, path: Path, name: str) -> Html:
        size = path.stat().st_size
        if size <= self._left:
            self._left -= size
            data = base64.b64encode(path.read_bytes()).decode()
            player = element("video", controls=True, preload="metadata", src=f"data:video/mp4;base64,{data}")
            return element("figure", player, element("figcaption", name))
        self.linked += 1
        target = quote(os.path.relpath(path, self._page.absolute().parent))
        note = f"{size / MIB:.1f} MiB: not in this page, which only links to it"
        return element("figure", element("a", name, href=target), element("figcaption", note))
