"""A benchmark's suite: which policies are evaluated in which tasks, read from a JSON file.

    [{"task": "GeneLab-Inverted-Pendulum-v0", "checkpoint": "runs/pendulum", "episodes": 100}, ...]

or, with values for all entries that do not say otherwise,

    {"defaults": {"episodes": 100, "group": "pendulums"}, "entries": [{...}, ...]}

Nothing heavy is imported here: a wrong suite is refused at once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import is_registered
from genelab.runs.eval_request import EvalRequest
from genelab.runs.run_dir import run_dir_of
from genelab.utils.errors import UsageError
from genelab.utils.files import read_json, sha256_json
from genelab.utils.names import unknown_name

POLICIES_WITHOUT_FILE = ("zero", "random", "expert")
_UNSAFE = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, kw_only=True)
class SuiteEntry(EvalRequest):
    """One evaluation of a suite.

    Attributes:
        policy: Absolute path of a checkpoint, run directory or exported file, or one of `POLICIES_WITHOUT_FILE`.
        checkpoint: The same as the suite names it.
        group: Group in the report; `None` for none.
    """

    checkpoint: str
    group: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells entries apart: the task, the policy, and the environment it acts in."""
        return (self.task, self.checkpoint, self.randomized, tuple(sorted(self.overrides)))


_FIELDS = ("task", "checkpoint", "policy", "episodes", "num_envs", "seed", "group", "randomized", "video", "overrides")
_LEAST = {"episodes": 1, "num_envs": 1, "seed": 0, "video": 0}


def read_suite(path: Path) -> list[SuiteEntry]:
    """Read and check a suite.

    Paths in it are relative to its own folder.

    Raises:
        UsageError: for a file that is missing, of another shape, or names unknown fields or tasks, files that are not
            there, values out of range, or the same evaluation twice.
    """
    document = read_json(path)
    defaults: Any = {}
    if isinstance(document, dict):
        for name in document:
            if name not in ("defaults", "entries"):
                raise unknown_name("key of a suite", name, ("defaults", "entries"), where=str(path))
        defaults, document = document.get("defaults", {}), document.get("entries")
    if not isinstance(defaults, dict):
        raise UsageError("defaults of a suite are an object", where=str(path))
    if not isinstance(document, list) or not document:
        raise UsageError(
            "a suite is a list of entries, or an object with `entries`, and has at least one",
            where=str(path),
            fix='[{"task": "...", "checkpoint": "..."}]',
        )
    entries = [_read_entry(entry, defaults, path, f"{path}, entry {n}") for n, entry in enumerate(document, start=1)]
    for key, count in Counter(entry.key for entry in entries).items():
        if count > 1:
            raise UsageError(
                f"{key[1]} in {key[0]} stands {count} times in the suite",
                where=str(path),
                fix="keep one: entries are told apart by task, checkpoint, randomized and overrides",
            )
    return entries


def entry_names(entries: list[SuiteEntry]) -> list[str]:
    """Return a folder name for each entry, unique and the same for the same evaluation in every suite."""
    return [
        "_".join((_plain(entry.task), _plain(Path(entry.checkpoint).name), sha256_json(entry.key)[:6]))
        for entry in entries
    ]


def _plain(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.")[:60] or "entry"


def _read_entry(entry: Any, defaults: dict[str, Any], suite: Path, where: str) -> SuiteEntry:
    if not isinstance(entry, dict):
        raise UsageError(f"an entry is an object, not {entry!r}", where=where)
    for place, given in ((f"{suite}, defaults", defaults), (where, entry)):
        for name in given:
            if name not in _FIELDS:
                raise unknown_name("field of a suite's entry", name, _FIELDS, where=place)
    values = {**_with_checkpoint(defaults, f"{suite}, defaults"), **_with_checkpoint(entry, where)}
    for name in ("task", "checkpoint"):
        if not isinstance(values.get(name), str) or not values[name]:
            raise UsageError(f"an entry needs a {name}", where=where)
    location = _find_policy(values["checkpoint"], suite.parent, where)
    overrides = values.get("overrides", {})
    if not isinstance(overrides, dict) or not all("." in path for path in overrides):
        raise UsageError(
            "overrides are an object of dotted paths", where=where, fix='{"overrides": {"env.decimation": 2}}'
        )
    group = values.get("group")
    if group is not None and not isinstance(group, str):
        raise UsageError(f"a group is a name, not {group!r}", where=where)
    randomized = values.get("randomized", False)
    if not isinstance(randomized, bool):
        raise UsageError(f"randomized is true or false, not {randomized!r}", where=where)
    return SuiteEntry(
        task=_find_task(values["task"], location, where),
        policy=values["checkpoint"] if location is None else location,
        checkpoint=values["checkpoint"],
        group=group,
        randomized=randomized,
        overrides=[(path, _text(value)) for path, value in overrides.items()],
        **_numbers(values, where),
    )


def _with_checkpoint(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the fields with `policy`, the other name of `checkpoint`, under that name."""
    if "policy" not in values:
        return values
    if "checkpoint" in values:
        raise UsageError("`checkpoint` and `policy` are the same: name one of them", where=where)
    return {**values, "checkpoint": values["policy"]}


def _numbers(values: dict[str, Any], where: str) -> dict[str, Any]:
    made = {}
    for name, least in _LEAST.items():
        value = values.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(f"{name} is {value!r}, not a whole number of at least {least}", where=where)
        made[name] = value
    return made


def _text(value: Any) -> str:
    """Return an override's value as it would stand on the command line."""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value)


def _find_policy(policy: str, folder: Path, where: str) -> Path | None:
    if policy in POLICIES_WITHOUT_FILE:
        return None
    path = (folder / Path(policy).expanduser()).absolute()
    if not path.exists():
        raise UsageError(
            f"no such checkpoint: {policy}",
            where=where,
            fix=f"paths are relative to the suite's folder, {folder}; or name zero, random or expert",
        )
    return path


def _find_task(task: str, location: Path | None, where: str) -> str:
    """Return the task's id as it is registered; a run's own task need not be registered any more."""
    of_run = location is not None and run_dir_of(location) is not None
    if "::" in task or (of_run and not is_registered(task)):
        return task
    try:
        return get_catalog().task(task).id
    except UsageError as error:
        raise UsageError(error.what, where=where, fix=error.fix) from error
