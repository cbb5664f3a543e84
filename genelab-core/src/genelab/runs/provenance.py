"""What made a run (versions, hardware, plugins, source revision, command), and what has changed since."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.api import PROJECT
from genelab.config.serialization import to_json
from genelab.runs.run_dir import now

if TYPE_CHECKING:
    from genelab.api import BackendSpec, Record, TaskSpec
    from genelab.config.task import TaskCfg
    from genelab.plugins.catalog import Catalog

_MISSING = object()
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""extra == ["']([^"']*)""")


def provenance(catalog: Catalog, task: TaskSpec, backend: BackendSpec, *, seeds: dict[str, int]) -> dict[str, Any]:
    """Return the run's origin as plain JSON.

    Args:
        catalog: Where the records come from.
        task: The task.
        backend: The backend.
        seeds: Seeds by what they seed.
    """
    plugins = contributors(catalog, [task, backend])
    return {
        "task": task.id,
        "task_config": task.config,
        "task_kind": task.kind,
        "created_at": now(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "seeds": seeds,
        "versions": versions([plugin["distribution"] for plugin in plugins]),
        "plugins": plugins,
        "hardware": hardware(),
        "git": git_revision(Path.cwd()),
    }


def contributors(catalog: Catalog, records: list[Record]) -> list[dict[str, Any]]:
    """Return the plugins that own `records`, each with its distribution, version and the records' names."""
    by_name: dict[str, dict[str, Any]] = {}
    for record in records:
        owner = catalog.owner(record)
        entry = by_name.setdefault(
            owner.name,
            {"name": owner.name, "distribution": owner.distribution, "version": owner.version, "records": []},
        )
        entry["records"].append(getattr(record, type(record).key))
    return [by_name[name] for name in sorted(by_name)]


def versions(distributions: list[str | None]) -> dict[str, str]:
    """Return the versions of Python, of these distributions, of the core and of what they directly require.

    An extra named like one of the distribution's plugins counts as required: it brings that plugin's libraries.
    """
    found = {"python": platform.python_version()}
    for distribution in dict.fromkeys(["genelab-core", *filter(None, distributions)]):
        for name in [distribution, *_requirements(distribution)]:
            version = _version(name)
            if version is not None:
                found[name] = version
    return found


def _requirements(distribution: str) -> list[str]:
    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return []  # a plugin given as a file belongs to no distribution
    plugins = {point.name for point in found.entry_points if point.group == PROJECT}
    names = []
    for line in found.requires or []:
        name, extra = _REQUIREMENT.match(line), _EXTRA.search(line)
        if name is not None and (extra is None or extra[1] in plugins):
            names.append(name.group().lower())
    return names


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def hardware() -> dict[str, Any]:
    """Return machine, processor, memory (GiB) and GPUs."""
    import torch

    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def git_revision(folder: Path) -> dict[str, Any] | None:
    """Return commit and whether files differ from it (never their content), or `None` outside a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(_git(folder, "status", "--porcelain"))}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # git is not installed
        return None
    return done.stdout if done.returncode == 0 else None


def config_differences(then: TaskCfg, now: TaskCfg) -> list[str]:
    """Return one line for each config path whose value differs.

    A difference that `eval_env` and `play_env` only inherit from `env` is listed once.
    """
    lines: list[str] = []
    inherited: set[tuple[str, str]] = set()
    for root in ("env", "eval_env", "play_env", "agent"):
        for path, text in _differences(to_json(getattr(then, root)), to_json(getattr(now, root)), ""):
            if (path, text) not in inherited:
                lines.append(f"{root}{path}: {text}")
            inherited.add((path, text))
    return lines


def _differences(then: Any, now: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(key, _MISSING), now.get(key, _MISSING), f"{path}.{key}")
    elif then != now:
        yield path, f"{_shown(then)} then, {_shown(now)} now"


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    return f"{value.get('func', '{…}')}" if isinstance(value, dict) else str(value)


def version_differences(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return one line for each distribution whose version is not the one of then."""
    return [
        f"{name} {version} then, {now.get(name, 'not installed')} now"
        for name, version in then.items()
        if now.get(name) != version
    ]
