"""Name look-up that forgives spelling and suggests neighbours."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from genelab.utils.errors import UsageError


def normalize(name: str) -> str:
    """Return the form in which names are compared: case, `-` and `_` do not count."""
    return name.lower().replace("-", "").replace("_", "")


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` known names that look like `name`, best first."""
    by_key = {normalize(item): item for item in known}
    keys = difflib.get_close_matches(normalize(name), by_key, n=limit, cutoff=0.5)
    return [by_key[key] for key in keys]


def unknown_name(kind: str, name: str, known: Iterable[str], *, where: str | None = None) -> UsageError:
    """Build the error for a name that is not among `known`."""
    known = sorted(known)
    close = nearest(name, known)
    if close:
        fix = f"did you mean {', '.join(close)}?"
    elif known:
        fix = f"known: {', '.join(known[:12])}" + (", …" if len(known) > 12 else "")
    else:
        fix = f"no {kind} is registered here"
    return UsageError(f"unknown {kind} {name!r}", where=where, fix=fix)
