"""Runs that differ in their seed only: found below a folder and checked to be so.

A run is a run directory, or a folder `seed_<S>` that holds an `eval.json` (what is left of a run that was published).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.jobs.launcher import Job, evaluation_job
from genelab.jobs.stages import Stages
from genelab.reports.curves import RunLog
from genelab.runs.eval_request import EvalRequest
from genelab.runs.run_dir import AGENT_PARAMS, ENV_PARAMS, RunDir
from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

EVAL = Path("eval.json")
_DEPTH = 4
_OWN = {"seed", "run_name"}
"""Fields in which the configs of a group may differ."""


@dataclass(frozen=True)
class SeedRun(RunLog):
    """One run of a group."""

    task: str
    backend: str | None
    seed: int

    @property
    def eval_path(self) -> Path:
        return self.path / EVAL


@dataclass(frozen=True)
class RunGroup:
    """Runs of one task and backend with different seeds.

    Attributes:
        name: Its folder, relative to the one that was searched; the task's id for that one itself.
        runs: Ascending by seed.
    """

    name: str
    task: str
    backend: str | None
    runs: list[SeedRun]


def find_groups(folder: Path) -> list[RunGroup]:
    """Return the groups below `folder`: the runs of each folder, by task and backend.

    Raises:
        UsageError: if there is no run, `folder` is one itself, a group has a seed twice, or runs of a group
            differ in more than the seed.
    """
    if not folder.is_dir():
        raise UsageError(f"no such folder: {folder}")
    if (folder / AGENT_PARAMS).exists():
        raise UsageError(f"{folder} is a single run", fix=f"name the folder of several seeds, such as {folder.parent}")
    found: dict[tuple[Path, str, str | None], list[SeedRun]] = {}
    for path in _run_paths(folder):
        run = _open(path)
        found.setdefault((_home(folder, path), run.task, run.backend), []).append(run)
    if not found:
        raise UsageError(f"no run below {folder}", fix="name a folder that genelab train --seeds made")
    groups = []
    for (parent, task, backend), runs in found.items():
        several = sum(other == parent for other, _, _ in found) > 1
        name = _group_name(folder, parent, task, backend, several)
        groups.append(RunGroup(name, task, backend, sorted(runs, key=lambda run: run.seed)))
        _check(groups[-1])
    return groups


def _home(folder: Path, run: Path) -> Path:
    """Return the folder whose runs belong together: of a stage, that of the seeds that have such stages."""
    return run.parent.parent if run.parent != folder and Stages.is_at(run.parent) else run.parent


def _group_name(folder: Path, parent: Path, task: str, backend: str | None, several: bool) -> str:
    inner = "" if parent == folder else str(parent.relative_to(folder))
    if several:
        return " ".join(filter(None, [inner, task, backend]))
    return inner or task


def _run_paths(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder, followlinks=True):
        path = Path(name)
        is_run = (path / AGENT_PARAMS).exists() or (path.name.startswith("seed_") and EVAL.name in files)
        if is_run and path != folder:
            yield path
        if is_run or len(path.relative_to(folder).parts) >= _DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def _open(path: Path) -> SeedRun:
    if (path / AGENT_PARAMS).exists():
        run = RunDir(path)
        origin = run.provenance()
        return SeedRun(path, origin["task"], run.backend_name(), origin["seeds"]["agent"])
    document = read_json(path / EVAL)
    number = path.name.removeprefix("seed_")
    if not number.isdecimal():
        raise UsageError(f"{path.name} has no seed in its name", where=str(path), fix="call the folder seed_<number>")
    try:
        return SeedRun(path, document["task"], document["policy"].get("backend"), int(number))
    except (KeyError, TypeError):
        raise UsageError(f"{EVAL} is no evaluation", where=str(path)) from None


def _check(group: RunGroup) -> None:
    first = group.runs[0]
    for before, run in zip(group.runs, group.runs[1:], strict=False):
        if before.seed == run.seed:
            raise UsageError(
                f"seed {run.seed} is there twice: {before.path.name} and {run.path.name}",
                where=str(run.path.parent),
                fix="a repeated seed adds no information: move one away",
            )
    for run in group.runs[1:]:
        different = list(_differences(_configs(first.path), _configs(run.path), ""))
        if different:
            more = f" (and {len(different) - 3} more)" if len(different) > 3 else ""
            raise UsageError(
                f"{first.path.name} and {run.path.name} differ in more than their seed: "
                + "; ".join(different[:3])
                + more,
                where=str(run.path.parent),
                fix="put the runs of each configuration into a folder of their own",
            )


def _configs(run: Path) -> dict[str, Any]:
    return {str(name): read_json(run / name) for name in (ENV_PARAMS, AGENT_PARAMS) if (run / name).exists()}


def _differences(a: Any, b: Any, path: str) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            if key not in _OWN:
                yield from _differences(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    elif a != b:
        yield f"{path.removeprefix('params/')}: {a} against {b}"


def missing_evaluations(groups: Sequence[RunGroup], episodes: int | None) -> list[Job]:
    """Return a job of `genelab eval` for each run without an `eval.json`.

    Args:
        groups: The runs.
        episodes: Number of episodes; `None` for the default of `genelab eval`.

    Raises:
        UsageError: for a folder that holds no checkpoint to evaluate.
    """
    jobs = []
    for run in (run for group in groups for run in group.runs if not run.eval_path.exists()):
        if not (run.path / AGENT_PARAMS).exists():
            raise UsageError(f"{run.path} has neither an evaluation nor a run to evaluate")
        wanted = episodes or EvalRequest.episodes
        request = EvalRequest(task=run.task, policy=run.path, episodes=wanted, out=run.eval_path)
        jobs.append(evaluation_job(request, name=str(run.path), log=run.path / "eval.log"))
    return jobs
