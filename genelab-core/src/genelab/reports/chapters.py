"""The three kinds of report, a run, groups of seeds and a benchmark: what each is about and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from genelab.console.tables.text import interval, number
from genelab.eval.document import Evaluation, Interval
from genelab.eval.report import find_reports, read_report
from genelab.jobs.benchmark_record import FILE as REPORT
from genelab.jobs.benchmark_record import read_benchmark
from genelab.reports.aggregation import GroupReport, aggregate_groups
from genelab.reports.content import Card, Cards, Cell, Part, ReportSubject, Section, Table, Text
from genelab.reports.curves import RunLog
from genelab.reports.run_groups import RunGroup, find_groups
from genelab.runs.progress import duration
from genelab.runs.run_dir import AGENT_PARAMS, RunDir
from genelab.utils.errors import UsageError

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """A part of a page: its first lines, and what the sections after them are about."""

    head: list[Part]
    subject: ReportSubject


def chapters_of(path: Path) -> tuple[str, list[Part], list[Chapter]]:
    """Return title, first lines and chapters of the report about what lies at `path`.

    Raises:
        UsageError: if that is neither a run, nor seeds of tasks, nor a benchmark.
    """
    if path.is_file() or (path / REPORT).is_file():
        return _benchmark(path if path.is_file() else path / REPORT)
    if not path.is_dir():
        raise UsageError(f"no such run: {path}")
    if (path / AGENT_PARAMS).exists():
        return _run(RunDir(path))
    return _groups(path)


def _run(run: RunDir) -> tuple[str, list[Part], list[Chapter]]:
    origin, status = run.provenance(), run.status()
    evaluations = find_reports(run.path)
    head: list[Part] = [
        Text(f"{run.backend_name()}, seed {origin['seeds']['agent']}, {run.path}", "soft"),
        Cards([*_status_cards(status), *_evaluation_cards(evaluations)]),
    ]
    if status.get("error"):
        head.append(Text(f"error: {status['error']}", "fail"))
    return origin["task"], [], [Chapter(head, ReportSubject("run", {"": RunLog(run.path)}, evaluations))]


def _status_cards(status: Document) -> list[Card]:
    known: dict[str, Cell] = {
        "training": status["status"],
        "iterations": status.get("iteration"),
        "environment steps": status.get("env_steps"),
    }
    if "started_at" in status and status["status"] != "running":
        begun, ended = (datetime.fromisoformat(status[key]) for key in ("started_at", "updated_at"))
        known["time"] = duration((ended - begun).total_seconds())
    return [Card(label, value) for label, value in known.items() if value]


def _evaluation_cards(evaluations: Mapping[str, Evaluation]) -> list[Card]:
    numbers = {name: (made.aggregates.headline, made.aggregates.headline_number) for name, made in evaluations.items()}
    return [
        Card(f"{headline.replace('_', ' ')}, {name}", item.value, f"95 %: {interval(item.ci)}" if item.ci else "")
        for name, (headline, item) in numbers.items()
        if item is not None
    ]


def _groups(folder: Path) -> tuple[str, list[Part], list[Chapter]]:
    groups = find_groups(folder)
    made = aggregate_groups(groups, folder=folder)
    head: list[Part] = [Text(str(folder), "soft")]
    over = made.over_tasks
    if over is not None and over.iqm is None:
        head.append(Text(f"No score over tasks: {over.why_not}", "soft"))
    elif over is not None:
        label = f"IQM of {over.metric} over {len(over.scores)} tasks"
        head.append(Cards([Card(label, over.iqm, interval(over.interval))]))
    title = groups[0].task if len(groups) == 1 else f"{len(groups)} groups of seeds"
    return title, head, [_group(*both, made.metric) for both in zip(groups, made.groups, strict=True)]


def _group(group: RunGroup, made: GroupReport, metric: str | None) -> Chapter:
    known = [run for run in group.runs if run.eval_path.exists()]
    evaluations = {f"seed {run.seed}": read_report(run.eval_path, rows=False) for run in known}
    rows: list[list[Cell]] = []
    for name, measure in made.measures.items():
        points = "  ".join(number(point.value) for point in measure.points)
        rows.append([name, measure.n, measure.mean, interval(measure.interval), measure.std, points])
    states = ", ".join(f"seed {run.seed} {run.status or 'published'}" for run in made.runs)
    parts: list[Part] = [
        Text(" · ".join(filter(None, [group.backend, states])), "soft"),
        *(Text(f"warning: {line}", "inconclusive") for line in made.warnings),
        Table(
            ["", "seeds", "mean", "95 % t interval", "std", "points"],
            rows,
            [index for index, name in enumerate(made.measures) if name == metric],
        ),
    ]
    title = group.name if group.name == group.task else f"{group.name}: {group.task}"
    runs = {f"seed {run.seed}": run for run in group.runs}
    return Chapter([Section(title, parts)], ReportSubject("seeds", runs, evaluations))


def _benchmark(report: Path) -> tuple[str, list[Part], list[Chapter]]:
    document = read_benchmark(report)
    files = {entry["name"]: report.parent / entry["eval"] for entry in document["entries"]}
    evaluations = {name: read_report(path, rows=False) for name, path in files.items() if path.exists()}
    head: list[Part] = [Text(f"{document['suite']}, {document['generated_at']}, {document['command']}", "soft")]
    if document.get("verdict"):
        head.append(Text(f"Against {document['reference']}: {document['verdict']}", document["verdict"]))
    overall = document.get("overall")
    unfinished = "" if document["complete"] else "not all of them measured"
    cards = [Card("entries", len(document["entries"]), unfinished)]
    if overall is not None:
        cards.append(Card("episodes", overall["n_episodes"], f"{overall['eval_s']:.0f} s"))
    if overall is not None and overall["success"] is not None:
        success = overall["success"]
        cards.append(Card("success", f"{number(100 * success['rate'])} %", interval(Interval(**success["ci"]))))
    head += [Cards(cards), Section("Entries", [_entries(document)])]
    if overall is not None:
        head.append(Section("Together", [_blocks(document)]))
    runs = {name: RunLog(path.parent) for name, path in files.items()}
    return f"Benchmark {report.parent.name}", [], [Chapter(head, ReportSubject("benchmark", runs, evaluations))]


def _entries(document: Document) -> Table:
    rows: list[list[Cell]] = []
    for entry in document["entries"]:
        comparison, block = entry["comparison"] or {}, entry["metrics"] or {}
        verdict = comparison.get("verdict")
        said = entry["error"] or comparison.get("why") or ""
        names: list[Cell] = [entry["task"], entry["checkpoint"], entry["group"]]
        state = Text(entry["state"], "fail" if entry["state"] == "failed" else "")
        numbers = [block.get("avg_sum_reward"), block.get("pc_success")]
        rows.append([*names, state, *numbers, Text(verdict, verdict) if verdict else None, said.partition("\n")[0]])
    head = ["task", "checkpoint", "group", "state", "return", "success %", "verdict", ""]
    return Table(head, rows, words=(1, 2, 3, 6, 7))


def _blocks(document: Document) -> Table:
    rows: list[list[Cell]] = []
    for name, block in {**document["per_task"], **document["per_group"], "overall": document["overall"]}.items():
        counts = [block[key] for key in ("n_entries", "n_failed", "n_episodes")]
        numbers = [block[key] for key in ("avg_sum_reward", "avg_max_reward", "pc_success")]
        success = block["success"]
        rows.append([name, *counts, *numbers, None if success is None else interval(Interval(**success["ci"]))])
    head = ["", "entries", "failed", "episodes", "return", "max reward", "success %", "95 % interval of success"]
    return Table(head, rows)
