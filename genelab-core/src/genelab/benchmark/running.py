"""Evaluates all entries of a suite, each in a process of its own, and keeps what is done.

A benchmark's folder holds `benchmark.json` and, for each entry, a folder with `inputs.json` (what is measured),
`eval.json` (the result) and `output.log` (what its process printed). The report may lie beside the folder instead.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genelab.api import Record
from genelab.benchmark.suite import SuiteEntry, entry_names
from genelab.eval.document import Evaluation
from genelab.eval.report import config_sha256, read_report
from genelab.jobs.benchmark_record import FILE, SCHEMA, read_benchmark
from genelab.jobs.folder import run_recorded
from genelab.jobs.jobs import JobRun, JobsReport, describe_status, last_words
from genelab.jobs.launcher import Job, SubmittingLauncher, WatchedLauncher, evaluation_job
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import is_registered
from genelab.runs.arena import measured_config
from genelab.runs.eval_request import EvalRequest
from genelab.runs.evaluation import open_policy
from genelab.runs.provenance import contributors, versions
from genelab.runs.run_dir import now
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import check_output, read_json, write_json

EVAL, INPUTS, LOG = Path("eval.json"), Path("inputs.json"), Path("output.log")


@dataclass
class BenchmarkEntry:
    """An entry of the suite and how it stands.

    Attributes:
        entry: What to evaluate.
        name: Of its folder.
        folder: Where its files are.
        inputs: What it measures; `None` for a policy that cannot be opened.
        state: `"waiting"`, `"running"`, `"submitted"`, `"finished"`, `"failed"` or `"stopped"`.
        error: Why it failed.
        metrics: Its numbers, when all is measured; see `genelab.benchmark.report`.
        comparison: How it compares with the reference.
    """

    entry: SuiteEntry
    name: str
    folder: Path
    inputs: dict[str, Any] | None = None
    state: str = "waiting"
    error: str | None = None
    metrics: dict[str, Any] | None = None
    comparison: dict[str, Any] | None = None

    @property
    def eval_path(self) -> Path:
        return self.folder / EVAL

    def result(self) -> Evaluation:
        """Return its evaluation, rows included."""
        return read_report(self.eval_path)

    def job(self) -> Job:
        """Return the process that evaluates it."""
        request = replace(self.entry, out=self.eval_path, force=True)
        return evaluation_job(request, name=self.name, log=self.folder / LOG)


@dataclass
class Benchmark:
    """A suite, and where its results go.

    Attributes:
        suite: The suite's file.
        folder: Holds the entries' folders.
        report: The report's file.
        entries: In the suite's order.
    """

    suite: Path
    folder: Path
    report: Path
    entries: list[BenchmarkEntry] = field(default_factory=list)

    def write(self, **results: Any) -> dict[str, Any]:
        """Write the report as it stands and return it; `results` are added to it."""
        document = {
            "schema": SCHEMA,
            "suite": str(self.suite),
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "generated_at": now(),
            "num_tasks": len({entry.entry.task for entry in self.entries}),
            "complete": all(entry.state == "finished" for entry in self.entries),
            "entries": [self._record(entry) for entry in self.entries],
            **results,
        }
        write_json(self.report, document)
        return document

    def _record(self, entry: BenchmarkEntry) -> dict[str, Any]:
        return {
            "name": entry.name,
            "task": entry.entry.task,
            "checkpoint": entry.entry.checkpoint,
            "group": entry.entry.group,
            "state": entry.state,
            "error": entry.error,
            "eval": str(entry.eval_path.relative_to(self.report.parent)),
            "inputs": entry.inputs,
            "metrics": entry.metrics,
            "comparison": entry.comparison,
        }


def benchmark_paths(out: Path) -> tuple[Path, Path]:
    """Return folder and report for `--out`: a folder, or the report's own name if it ends in `.json`."""
    return (out.with_suffix(""), out) if out.suffix == ".json" else (out, out / FILE)


def open_benchmark(suite: Path, entries: list[SuiteEntry], out: Path, *, force: bool = False) -> Benchmark:
    """Find out what of a suite is measured already in `out` and make the folders of the rest.

    Raises:
        UsageError: for an entry that `genelab eval` would refuse; if `out` holds something else, or results of other
            inputs, and `force` is not given.
    """
    folder, report = benchmark_paths(out)
    _check_output(folder, report, entry_names(entries), force)
    benchmark = Benchmark(suite, folder.absolute(), report.absolute())
    for entry, name in zip(entries, entry_names(entries), strict=True):
        item = BenchmarkEntry(entry, name, benchmark.folder / name)
        _prepare(item, force)
        benchmark.entries.append(item)
    for item in benchmark.entries:
        if item.state == "waiting":
            item.folder.mkdir(parents=True, exist_ok=True)
            item.eval_path.unlink(missing_ok=True)
            write_json(item.folder / INPUTS, item.inputs)
    benchmark.folder.mkdir(parents=True, exist_ok=True)
    return benchmark


def _check_output(folder: Path, report: Path, names: Sequence[str], force: bool) -> None:
    check_output(folder, force=True)
    if force:
        return
    if report.exists():
        document = read_benchmark(report)
        others = [entry["name"] for entry in document["entries"] if entry["name"] not in names]
        if others:
            raise UsageError(
                f"{report} is of another suite: {', '.join(others)}", fix="choose another --out, or pass --force"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists already and holds no benchmark", fix="choose another --out")


def _prepare(item: BenchmarkEntry, force: bool) -> None:
    """Look at what the entry measures and at the result it may have."""
    try:
        item.inputs = measured_inputs(item.entry)
    except UsageError as error:
        raise UsageError(error.what, where=error.where or f"suite entry {item.name}", fix=error.fix) from error
    except GenelabError as error:
        item.state, item.error = "failed", error.format()
        return
    if force or not item.eval_path.exists():
        return
    then = read_json(item.folder / INPUTS) if (item.folder / INPUTS).exists() else {}
    changed = changed_inputs(then, item.inputs)
    if changed:
        raise UsageError(
            f"{item.entry.checkpoint} in {item.entry.task} was measured with another {', '.join(changed)}",
            where=str(item.folder),
            fix="choose another --out, or pass --force to measure all entries anew",
        )
    item.state = "finished"


def run_benchmark(
    benchmark: Benchmark,
    launcher: WatchedLauncher,
    *,
    parallel: int,
    show: Callable[[Sequence[JobRun]], None] = lambda runs: None,
    announce: Callable[[int], None] = lambda signum: None,
) -> JobsReport:
    """Evaluate what is not measured yet; the report says at any time how far it is. See `run_jobs`."""
    waiting = {entry.name: entry for entry in benchmark.entries if entry.state == "waiting"}

    def note(runs: Sequence[JobRun]) -> None:
        changed = [run for run in runs if waiting[run.job.name].state != run.state]
        for run in changed:
            _take_over(waiting[run.job.name], run)
        if changed:
            benchmark.write()

    benchmark.write()
    jobs = [entry.job() for entry in waiting.values()]
    return run_recorded(benchmark.folder, jobs, launcher, parallel=parallel, note=note, show=show, announce=announce)


def _take_over(entry: BenchmarkEntry, run: JobRun) -> None:
    entry.state = run.state
    if run.state == "failed":
        assert run.status is not None
        said = "\n".join(last_words(run.job.log))
        entry.error = f"{describe_status(run.status)}: {said}" if said else describe_status(run.status)
    elif run.state == "finished" and not entry.eval_path.exists():
        entry.state, entry.error = "failed", "its process ended well but wrote no eval.json"


def submit_benchmark(benchmark: Benchmark, launcher: SubmittingLauncher, *, parallel: int, force: bool) -> str:
    """Submit what is not measured yet; returns what the launcher says."""
    waiting = [entry for entry in benchmark.entries if entry.state == "waiting"]
    said = launcher.submit([entry.job() for entry in waiting], folder=benchmark.folder, parallel=parallel, force=force)
    for entry in waiting:
        entry.state = "submitted"
    benchmark.write()
    return said


def measured_inputs(request: EvalRequest) -> dict[str, Any]:
    """Open the policy and the configs of `request` and return what the result depends on, as plain JSON.

    Raises:
        UsageError: for what `genelab eval` would refuse.
        GenelabError: for a policy that is damaged or no longer fits what is installed.
    """
    source = open_policy(request)
    cfg = measured_config(source.loaded.cfg, source.loaded.spec.id, request.variant)
    records: list[Record] = [source.loaded.spec] if is_registered(source.loaded.spec.id) else []
    if source.loaded.backend is not None:
        records.append(source.loaded.backend)
    used = contributors(get_catalog(), [*records, *get_catalog().metrics.values()])
    return {
        "task": source.loaded.spec.id,
        "policy": source.kind,
        "policy_sha256": None if source.file is None else source.file.sha256,
        "config_sha256": config_sha256(cfg),
        "episodes": request.episodes,
        "seed": request.seed,
        "randomized": request.randomized,
        "video": request.video,
        "overrides": dict(request.overrides),
        "versions": versions([plugin["distribution"] for plugin in used]),
    }


def changed_inputs(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the names of the inputs that differ."""
    return [name for name in now if then.get(name) != now[name]]
