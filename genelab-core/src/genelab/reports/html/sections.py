"""The parts of a report that runs, groups of seeds and benchmarks share."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genelab.eval.report import SCHEMA
from genelab.reports.curves import Curve, read_evaluations
from genelab.reports.html.chart import chart
from genelab.reports.html.elements import (
    Child,
    Html,
    collapsed,
    definitions,
    element,
    interval,
    number,
    section,
    table,
)
from genelab.reports.learning_curves import Panel, learning_curves, other_scalars
from genelab.runs.run_dir import AGENT_PARAMS, ENV_PARAMS, PROVENANCE
from genelab.utils.files import read_json

Document = Mapping[str, Any]
Card = tuple[str, str, str | None]


def cards(items: Sequence[Card]) -> Html:
    """Return the numbers to see first: label, value and what is to be added."""
    return element(
        "div",
        [
            element(
                "div",
                element("span", label),
                element("b", value),
                element("small", more) if more else None,
                class_="card",
            )
            for label, value, more in items
        ],
        class_="cards",
    )


def curves(runs: dict[str, Path]) -> Html | None:
    """Return the learning curves of runs by label, and all else they logged, small and closed."""
    axis, panels = learning_curves(runs)
    charts = [chart(replace(panel, title=f"{panel.title}, over {axis}")) for panel in panels]
    others = [drawn for drawn in (chart(panel, width=360, height=190) for panel in other_scalars(runs, axis)) if drawn]
    small = element("div", others, class_="small")
    closed = collapsed(f"All other scalars ({len(others)}), over {axis}", small) if others else None
    return section("Curves", charts, closed)


def evaluations(documents: Mapping[str, Document]) -> Html | None:
    """Return what `eval.json` files hold, by label: numbers with their intervals, and why episodes ended."""
    if not documents:
        return None
    parts: list[Child] = []
    for label, document in documents.items():
        title = f"{label}: {document['num_episodes']} episodes, seed {document['seed']}, {document['evaluated_at']}"
        warnings = [element("p", f"warning: {item['message']}", class_="soft") for item in document["warnings"]]
        content = [
            metrics_table(document["aggregates"]),
            terminations(document["aggregates"]["terminations"]),
            profiles(document.get("profiles", {})),
            warnings,
        ]
        parts.append(section(title, content, level=3) if len(documents) == 1 else collapsed(title, content))
    return section("Evaluation", overview(documents) if len(documents) > 1 else None, parts)


def overview(documents: Mapping[str, Document]) -> Html:
    """Return a table with the main numbers of several evaluations."""
    rows = []
    for label, document in documents.items():
        made = document["aggregates"]
        success = made["success_once" if made["headline"] == "success_once" else "success_at_end"]
        rows.append(
            [
                label,
                str(document["num_episodes"]),
                number(made["return"]["mean"]),
                interval(made["return"]["ci"]),
                number(made["length"]["mean"]),
                "–" if success is None else number(success["rate"]),
                "–" if success is None else interval(success["ci"]),
            ]
        )
    return table(["", "episodes", "return", "95 % interval", "length", "success rate", "95 % interval"], rows)


def metrics_table(made: Document) -> Html:
    """Return the aggregates of an evaluation, a row for each number, the headline stressed."""
    rows: list[list[Child]] = []
    names = []
    for name in ("return", "length"):
        rows.append(_aggregate_row(name, made[name]))
        names.append(name)
    for name in ("success_at_end", "success_once"):
        if made[name] is not None:
            numbers = made[name]
            counted = f"{numbers['k']} of {numbers['n']}"
            rows.append([name, str(numbers["n"]), number(numbers["rate"]), interval(numbers["ci"]), counted, "", ""])
            names.append(name)
    for name, numbers in made["custom"].items():
        rows.append(_aggregate_row(name, numbers))
        names.append(name)
    for name, numbers in made["reward_terms"].items():
        rows.append(_aggregate_row(f"reward {name}", numbers))
        names.append("")
    head = ["", "n", "mean", "95 % interval", "std", "min", "max"]
    return table(head, rows, emphasized=[names.index(made["headline"])] if made["headline"] in names else [])


def _aggregate_row(name: str, numbers: Document) -> list[Child]:
    label = f"{name} [{numbers['unit']}]" if "unit" in numbers else name
    mean, std, low, high = (number(numbers[key]) for key in ("mean", "std", "min", "max"))
    return [label, str(numbers["n"]), mean, interval(numbers["ci"]), std, low, high]


def terminations(counts: Mapping[str, int]) -> Html | None:
    """Return bars that show why episodes ended."""
    total = sum(counts.values())
    if not total:
        return None
    bars = [
        [
            element("span", cause),
            element("div", element("div", class_="bar", style=f"width:{100 * count / total:.2f}%"), class_="bar-cell"),
            element("span", f"{count} ({100 * count / total:.3g} %)"),
        ]
        for cause, count in counts.items()
    ]
    return _titled("Episodes ended by", element("div", bars, class_="bars"))


def profiles(found: Mapping[str, Document]) -> list[Child]:
    """Return a small chart for each metric that says where along an episode its number comes from."""
    drawn = []
    for name, profile in found.items():
        means = [math.nan if value is None else value for value in profile["means"]]
        title = f"{name}{f' [{unit}]' if (unit := profile['unit']) else ''}, over {profile['axis']}"
        curve = Curve(np.array(profile["places"], dtype=float), np.array(means, dtype=float))
        drawn.append(chart(Panel(title, {"": curve}), width=360, height=190))
    return [element("div", drawn, class_="small")] if drawn else []


def _titled(title: str, content: Child) -> Html:
    """Return content below a small heading."""
    return element("div", element("h3", title), content)


def in_training(runs: dict[str, Path]) -> Html | None:
    """Return tables of the evaluations during the trainings of runs by label."""
    parts = []
    for label, run in runs.items():
        known = read_evaluations(run)
        if not known:
            continue
        rows: list[list[Child]] = []
        for evaluation in known:
            made = evaluation["aggregates"]
            success = evaluation["metrics"]["success_rate"]
            best = "yes" if evaluation["best"] else ""
            mean, limits = number(made["return"]["mean"]), interval(made["return"]["ci"])
            steps = number(evaluation["env_steps"])
            rows.append(
                [
                    str(evaluation["iteration"]),
                    steps,
                    mean,
                    limits,
                    number(success),
                    number(evaluation["lower_bound"]),
                    best,
                ]
            )
        last_best = [index for index, evaluation in enumerate(known) if evaluation["best"]][-1:]
        head = [
            "iteration",
            "environment steps",
            "return",
            "95 % interval",
            "success rate",
            "lower bound",
            "best so far",
        ]
        title = " ".join(filter(None, [label, f"{len(known)} evaluations during the training"]))
        parts.append(collapsed(title, table(head, rows, emphasized=last_best)))
    return section("During the training", parts)


def configuration(run: Path) -> Html | None:
    """Return the configs of a run, closed."""
    parts = []
    for file in (AGENT_PARAMS, ENV_PARAMS):
        if (run / file).exists():
            for name, value in read_json(run / file).items():
                if isinstance(value, dict):
                    parts.append(collapsed(name, element("pre", json.dumps(value, indent=2))))
    return section("Configuration", parts)


def provenance(origin: Document | None, warnings: Sequence[str] = ()) -> Html | None:
    """Return what made a run or an evaluation: command, versions, plugins, machine, source."""
    if origin is None:
        return None
    command, git = origin.get("command"), origin.get("git")
    hardware = origin.get("hardware") or {}
    items = [
        ("command", " ".join(command) if isinstance(command, list) else command),
        ("begun", origin.get("created_at")),
        ("seeds", _pairs(origin.get("seeds"))),
        ("source", None if not git else f"commit {git['commit']}" + (", with local changes" if git["dirty"] else "")),
        ("machine", ", ".join(_machine(hardware)) or None),
        (
            "plugins",
            ", ".join(f"{plugin['name']} {plugin['version']}" for plugin in origin.get("plugins") or []) or None,
        ),
    ]
    versions = collapsed("Versions", definitions((origin.get("versions") or {}).items()))
    return section("Provenance", definitions(items), versions, [element("p", line) for line in warnings])


def _pairs(values: Mapping[str, Any] | None) -> str | None:
    return ", ".join(f"{name} {value}" for name, value in values.items()) if values else None


def _machine(hardware: Document) -> list[str]:
    known = []
    if "processor" in hardware:
        known.append(f"{hardware.get('cpus')} × {hardware['processor']}")
    if "memory_gib" in hardware:
        known.append(f"{hardware['memory_gib']} GiB")
    return [*known, *hardware.get("gpus", []), *([hardware["system"]] if "system" in hardware else [])]


def origin_of(run: Path) -> Document | None:
    """Return a run's provenance, if it has one."""
    return read_json(run / PROVENANCE) if (run / PROVENANCE).exists() else None


def evaluation_files(folder: Path) -> dict[str, Document]:
    """Return the evaluation files in a folder by name, without their rows."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        document = read_json(path)
        if isinstance(document, dict) and document.get("schema") == SCHEMA:
            found[path.name] = document
    return found
