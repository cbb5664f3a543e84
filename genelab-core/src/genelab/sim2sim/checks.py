"""Differences between the controller, which is built from metadata, and the environment in the same state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from genelab.config.serialization import with_first_names


class TermDifferences:
    """The largest difference of each observation term, over everything that was noted.

    Args:
        obs_groups: The metadata's `obs_groups`.
    """

    def __init__(self, obs_groups: Mapping[str, Any]) -> None:
        self._columns: dict[str, tuple[str, np.ndarray]] = {}
        for name, group in obs_groups.items():
            frame = group["dim"] // group["history_length"]
            for term in group["terms"]:
                first = term["start"] + np.arange(term["dim"])
                columns = (np.arange(group["history_length"])[:, None] * frame + first).ravel()
                self._columns[f"{name}.{term['name']}"] = name, columns
        self.largest = dict.fromkeys(self._columns, 0.0)

    def note(self, ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], rows: Any = slice(None)) -> None:
        """Take in raw observations by group, `(num_envs, dim)`, of the robots in `rows`."""
        difference = {name: np.abs(ours[name] - theirs[name])[rows] for name in ours if name in theirs}
        for term, (group, columns) in self._columns.items():
            largest = float(difference[group][:, columns].max(initial=0.0))
            self.largest[term] = max(self.largest[term], largest)

    def forget(self, term: str) -> None:
        """Leave a term out, because it cannot be compared."""
        del self._columns[term], self.largest[term]


def description_differences(exported: Mapping[str, Any], today: Mapping[str, Any]) -> list[str]:
    """Return one line for each place in which the metadata's `deployment` differs from today's task."""
    first, second = (with_first_names(json.loads(json.dumps(document))) for document in (exported, today))
    return list(_differences(first, second, ""))


def _differences(first: Any, second: Any, path: str) -> Iterator[str]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            if key == "components" and key not in first:
                continue  # names for people, which files of earlier versions do not have
            yield from _differences(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif first != second:
        yield f"{path}: {first} when it was exported, {second} today"
