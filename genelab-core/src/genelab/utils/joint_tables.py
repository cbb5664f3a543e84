"""Tables from name patterns to values, and patterns to indices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from genelab.utils.errors import UsageError
from genelab.utils.names import nearest


def match_names(patterns: Sequence[str] | None, names: Sequence[str], kind: str) -> list[int]:
    """Return the indices of names that fully match any pattern, in the order of `names`; all for `None`.

    Raises:
        UsageError: for a pattern that matches nothing.
    """
    if patterns is None:
        return list(range(len(names)))
    found = set()
    for pattern in patterns:
        hits = [index for index, name in enumerate(names) if re.fullmatch(pattern, name)]
        if not hits:
            close = nearest(pattern, names) or list(names)
            raise UsageError(f"{pattern!r} matches no {kind}", fix=f"nearest: {', '.join(close[:8])}")
        found.update(hits)
    return sorted(found)


def per_joint(
    table: float | Mapping[str, float] | None, names: Sequence[str], default: float, where: str
) -> list[float]:
    """Return one value per name: `table` itself if it is a number, else the last matching row, else `default`.

    Raises:
        UsageError: for a row whose pattern matches none of the names.
    """
    if table is None:
        return [default] * len(names)
    if not isinstance(table, Mapping):
        return [float(table)] * len(names)
    values = [default] * len(names)
    for pattern, value in table.items():
        try:
            hits = match_names((pattern,), names, "joint")
        except UsageError as error:
            raise UsageError(error.what, where=where, fix=error.fix) from None
        for index in hits:
            values[index] = value
    return values
