"""HTML that is escaped by construction: text becomes markup only through `element`."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any


class Html(str):
    """Markup. Every other string is text and is escaped."""

    __slots__ = ()


Child = Html | str | None | Sequence["Child"]

_VOID = {"meta", "link", "path", "line", "polygon", "circle"}


def element(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Return `<name …>children</name>`.

    Args:
        name: Of the element.
        children: Markup, text, sequences of them; `None` is left out.
        attributes: `class_` is `class`, `stroke_width` is `stroke-width`; `True` stands alone, `None` and `False` are
            left out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _VOID and not children:
        return Html(f"<{name}{written}>" if name in ("meta", "link") else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


def join(children: Iterable[Child]) -> Html:
    """Return children one after the other."""
    parts = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            parts.append(str(child))
        elif isinstance(child, str):
            parts.append(html.escape(child))
        else:
            parts.append(str(join(child)))
    return Html("".join(parts))


def table(
    head: Sequence[str], rows: Sequence[Sequence[Child]], *, emphasized: Iterable[int] = (), words: Iterable[int] = ()
) -> Html:
    """Return a table that scrolls sideways where it is wider than the page.

    Args:
        head: Names of the columns; the first one names the rows.
        rows: Cells.
        emphasized: Indices of the rows to stress.
        words: Indices of the columns, besides the first, that hold words and not numbers.
    """
    stressed, styles = set(emphasized), ["words" if column in set(words) else None for column in range(len(head))]
    titles = [element("th", title, scope="col", class_=style) for title, style in zip(head, styles, strict=True)]
    body = []
    for index, row in enumerate(rows):
        cells = [element("td", cell, class_=style) for cell, style in zip(row[1:], styles[1:], strict=True)]
        name = element("th", row[0], scope="row")
        body.append(element("tr", name, cells, class_="headline" if index in stressed else None))
    filled = element("table", element("thead", element("tr", titles)), element("tbody", body))
    return element("div", filled, class_="scroll")


def section(title: str, *children: Child, level: int = 2) -> Html | None:
    """Return a section with a heading; nothing if it would be empty."""
    content = join(children)
    return element("section", element(f"h{level}", title), content) if content else None


def collapsed(title: str, *children: Child) -> Html:
    """Return what is shown only when it is opened."""
    return element("details", element("summary", title), children)


def definitions(items: Iterable[tuple[str, Any]]) -> Html | None:
    """Return a list of names with values; values that are `None` are left out."""
    known = [(name, value) for name, value in items if value is not None]
    if not known:
        return None
    return element("dl", [(element("dt", name), element("dd", _text(value))) for name, value in known])


def _text(value: Any) -> Child:
    return value if isinstance(value, str) else str(value)


def number(value: float | None) -> str:
    """Return a number to four digits; a dash for none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def interval(limits: dict[str, Any] | None) -> str:
    """Return the limits of an interval; a dash for none."""
    return "–" if limits is None else f"{number(limits['low'])} … {number(limits['high'])}"
