"""The three kinds of report: a run, groups of seeds, a benchmark."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from genelab.jobs.benchmark_record import FILE as REPORT
from genelab.jobs.benchmark_record import read_benchmark
from genelab.reports.aggregation import aggregate_groups
from genelab.reports.html import sections
from genelab.reports.html.elements import Child, Html, element, interval, join, number, section, table
from genelab.reports.html.videos import VideoBudget
from genelab.reports.run_groups import RunGroup, find_groups
from genelab.runs.progress import duration
from genelab.runs.run_dir import AGENT_PARAMS, RunDir
from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

Page = tuple[str, Html]


def page_of(path: Path, videos: VideoBudget) -> Page:
    """Return title and content of the report about what lies at `path`.

    Raises:
        UsageError: if that is neither a run, nor seeds of tasks, nor a benchmark.
    """
    if path.is_file() or (path / REPORT).is_file():
        return _benchmark(path if path.is_file() else path / REPORT, videos)
    if not path.is_dir():
        raise UsageError(f"no such run: {path}")
    if (path / AGENT_PARAMS).exists():
        return _run(RunDir(path), videos)
    return _groups(path, videos)


def _run(run: RunDir, videos: VideoBudget) -> Page:
    origin, status = run.provenance(), run.status()
    documents = sections.evaluation_files(run.path)
    content: list[Child] = [
        element("p", f"{run.backend_name()}, seed {origin['seeds']['agent']}, {run.path}", class_="soft"),
        sections.cards([*_status_cards(status), *_evaluation_cards(documents)]),
        _failure(status),
        sections.curves({"run": run.path}),
        sections.evaluations(documents),
        sections.in_training({"": run.path}),
        videos.section({"": run.path}),
        sections.configuration(run.path),
        sections.provenance(origin),
    ]
    return origin["task"], join(content)


def _status_cards(status: dict[str, Any]) -> list[sections.Card]:
    items: list[sections.Card] = [("training", status["status"], None)]
    if status.get("iteration"):
        items.append(("iterations", number(status["iteration"]), None))
    if status.get("env_steps"):
        items.append(("environment steps", f"{status['env_steps']:,}", None))
    if "started_at" in status and status["status"] != "running":
        begun, ended = (datetime.fromisoformat(status[key]) for key in ("started_at", "updated_at"))
        items.append(("time", duration((ended - begun).total_seconds()), None))
    return items


def _evaluation_cards(documents: dict[str, sections.Document]) -> list[sections.Card]:
    items: list[sections.Card] = []
    for name, document in documents.items():
        made = document["aggregates"]
        headline = made[made["headline"]]
        if headline is not None:
            value = headline["mean"] if "mean" in headline else headline["rate"]
            limits = None if headline["ci"] is None else f"95 %: {interval(headline['ci'])}"
            items.append((f"{made['headline'].replace('_', ' ')}, {name}", number(value), limits))
    return items


def _failure(status: dict[str, Any]) -> Html | None:
    return element("p", f"error: {status['error']}", class_="fail") if status.get("error") else None


def _groups(folder: Path, videos: VideoBudget) -> Page:
    groups = find_groups(folder)
    document = aggregate_groups(groups, folder=folder)
    parts: list[Child] = [element("p", str(folder), class_="soft")]
    over = document["over_tasks"]
    if over is not None and over["iqm"] is None:
        parts.append(element("p", f"No score over tasks: {over['why_not']}", class_="soft"))
    elif over is not None:
        score = (
            f"IQM of {over['metric']} over {len(over['scores'])} tasks",
            number(over["iqm"]),
            interval(over["interval"]),
        )
        parts.append(sections.cards([score]))
    for group, block in zip(groups, document["groups"], strict=True):
        parts.append(_group(group, block, document["metric"], videos))
    title = groups[0].task if len(groups) == 1 else f"{len(groups)} groups of seeds"
    return title, join(parts)


def _group(group: RunGroup, block: dict[str, Any], metric: str | None, videos: VideoBudget) -> Html:
    runs = {f"seed {run.seed}": run.path for run in group.runs}
    documents = {f"seed {run.seed}": read_json(run.eval_path) for run in group.runs if run.eval_path.exists()}
    first = group.runs[0].path
    rows: list[list[Child]] = [
        [
            name,
            str(measure["n"]),
            number(measure["mean"]),
            interval(measure["interval"]),
            number(measure["std"]),
            "  ".join(number(point["value"]) for point in measure["points"]),
        ]
        for name, measure in block["measures"].items()
    ]
    stressed = [index for index, name in enumerate(block["measures"]) if name == metric]
    states = ", ".join(f"seed {run.seed} {run.status() or 'published'}" for run in group.runs)
    summary = [
        element("p", " · ".join(filter(None, [group.backend, states])), class_="soft"),
        [element("p", f"warning: {line}", class_="inconclusive") for line in block["warnings"]],
        table(["", "seeds", "mean", "95 % t interval", "std", "points"], rows, emphasized=stressed),
    ]
    return join(
        [
            section(group.name if group.name == group.task else f"{group.name}: {group.task}", summary),
            sections.curves(runs),
            sections.evaluations(documents),
            sections.in_training(runs),
            videos.section(runs),
            sections.configuration(first),
            sections.provenance(sections.origin_of(first)),
        ]
    )


def _benchmark(report: Path, videos: VideoBudget) -> Page:
    document = read_benchmark(report)
    files = {entry["name"]: report.parent / entry["eval"] for entry in document["entries"]}
    documents = {name: read_json(path) for name, path in files.items() if path.exists()}
    first = next(iter(documents.values()), None)
    verdict = document.get("verdict")
    overall = document.get("overall")
    items: list[sections.Card] = [
        ("entries", str(len(document["entries"])), None if document["complete"] else "not all of them measured")
    ]
    if overall is not None:
        items.append(("episodes", number(overall["n_episodes"]), f"{overall['eval_s']:.0f} s"))
    if overall is not None and overall["success"] is not None:
        items.append(("success", f"{number(100 * overall['success']['rate'])} %", interval(overall["success"]["ci"])))
    content: list[Child] = [
        element("p", f"{document['suite']}, {document['generated_at']}", class_="soft"),
        element("p", f"Against {document['reference']}: ", element("b", verdict, class_=verdict)) if verdict else None,
        sections.cards(items),
        section("Entries", _entries(document)),
        section("Together", _blocks(document)),
        sections.evaluations(documents),
        videos.section({name: path.parent for name, path in files.items()}),
        sections.provenance(None if first is None else {**first["environment"], "command": document["command"]}),
    ]
    return f"Benchmark {report.parent.name}", join(content)


def _entries(document: dict[str, Any]) -> Html:
    rows: list[list[Child]] = []
    for entry in document["entries"]:
        comparison = entry["comparison"] or {}
        verdict = comparison.get("verdict")
        block = entry["metrics"] or {}
        said = entry["error"] or comparison.get("why") or ""
        rows.append(
            [
                entry["task"],
                entry["checkpoint"],
                entry["group"] or "–",
                element("span", entry["state"], class_="fail" if entry["state"] == "failed" else None),
                number(block.get("avg_sum_reward")),
                number(block.get("pc_success")),
                element("span", verdict, class_=verdict) if verdict else "–",
                said.splitlines()[0] if said else "",
            ]
        )
    head = ["task", "checkpoint", "group", "state", "return", "success %", "verdict", ""]
    return table(head, rows, words=(1, 2, 3, 6, 7))


def _blocks(document: dict[str, Any]) -> Html | None:
    if "overall" not in document:
        return None
    blocks = {**document["per_task"], **document["per_group"], "overall": document["overall"]}
    rows: list[list[Child]] = []
    for name, block in blocks.items():
        success = block["success"]
        rows.append(
            [
                name,
                str(block["n_entries"]),
                str(block["n_failed"]),
                number(block["n_episodes"]),
                number(block["avg_sum_reward"]),
                number(block["avg_max_reward"]),
                number(block["pc_success"]),
                "–" if success is None else interval(success["ci"]),
            ]
        )
    head = ["", "entries", "failed", "episodes", "return", "max reward", "success %", "95 % interval of success"]
    return table(head, rows)
