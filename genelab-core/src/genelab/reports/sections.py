"""The sections that every report has, each a function that a record of `genelab.reports.plugin` names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from genelab.console.tables.text import interval
from genelab.eval.document import Aggregate, Aggregates, CurveRecord, Evaluation, Proportion
from genelab.reports.content import (
    Bars,
    Cell,
    Charts,
    Code,
    Definitions,
    Part,
    ReportSubject,
    Section,
    Table,
    Text,
    Videos,
)
from genelab.reports.curves import Curve, Panel, horizontal_axis, learning_curves, other_scalars
from genelab.runs.run_dir import AGENT_PARAMS, ENV_PARAMS, PROVENANCE
from genelab.utils.files import read_json

Document = Mapping[str, Any]


def curves(subject: ReportSubject) -> Section | None:
    """Show the learning curves, and all else that the runs logged, small and closed."""
    parts: list[Part] = []
    if panels := learning_curves(subject.runs):
        parts.append(Charts(panels))
    if others := other_scalars(subject.runs):
        title = f"All other scalars ({len(others)}), over {horizontal_axis(subject.runs)}"
        parts.append(Section(title, [Charts(others, small=True)], closed=True))
    return Section("Curves", parts)


def evaluations(subject: ReportSubject) -> Section | None:
    """Show each evaluation: numbers with their intervals, and why episodes ended."""
    found = subject.evaluations
    parts: list[Part] = [_overview(found)] if len(found) > 1 else []
    for label, made in found.items():
        title = f"{label}: {made.num_episodes} episodes, seed {made.seed}, {made.evaluated_at}"
        parts.append(Section(title, _evaluation(made), closed=len(found) > 1))
    return Section("Evaluation", parts)


def _evaluation(evaluation: Evaluation) -> list[Part]:
    made = evaluation.aggregates
    parts: list[Part] = [_metrics(made)]
    if any(made.terminations.values()):
        parts.append(Section("Episodes ended by", [Bars(made.terminations)]))
    panels = [_along_an_episode(name, curve) for name, curve in (evaluation.profiles or {}).items()]
    if drawn := [panel for panel in panels if panel.known()]:
        parts.append(Charts(drawn, small=True))
    return [*parts, *(Text(f"warning: {item['message']}", "soft") for item in evaluation.warnings)]


def _overview(evaluations: Mapping[str, Evaluation]) -> Table:
    rows: list[list[Cell]] = []
    for label, evaluation in evaluations.items():
        made, success = evaluation.aggregates, evaluation.aggregates.success
        outcome = [None, None] if success is None else [success.rate, interval(success.ci)]
        means = [made.return_.mean, interval(made.return_.ci), made.length.mean]
        rows.append([label, evaluation.num_episodes, *means, *outcome])
    return Table(["", "episodes", "return", "95 % interval", "length", "success rate", "95 % interval"], rows)


def _metrics(made: Aggregates) -> Table:
    """Return the numbers of an evaluation, a row for each, the headline stressed."""
    named = {name: made.named(name) for name in ("return", "length", "success_at_end", "success_once")}
    rows = {name: _row(name, numbers) for name, numbers in {**named, **made.custom}.items() if numbers is not None}
    stressed = [index for index, name in enumerate(rows) if name == made.headline]
    rewards = [_row(f"reward {name}", numbers) for name, numbers in made.reward_terms.items()]
    return Table(["", "n", "mean", "95 % interval", "std", "min", "max"], [*rows.values(), *rewards], stressed)


def _row(name: str, numbers: Aggregate | Proportion) -> list[Cell]:
    basics = [numbers.n, numbers.value, interval(numbers.ci)]
    if isinstance(numbers, Proportion):
        return [name, *basics, f"{numbers.k} of {numbers.n}", "", ""]
    return [f"{name} [{numbers.unit}]" if numbers.unit else name, *basics, numbers.std, numbers.min, numbers.max]


def _along_an_episode(name: str, found: CurveRecord) -> Panel:
    """Return a panel that says where along an episode a metric's number comes from."""
    means = [math.nan if value is None else value for value in found.means]
    unit = f" [{found.unit}]" if found.unit else ""
    curve = Curve(np.array(found.places, dtype=float), np.array(means, dtype=float))
    return Panel(f"{name}{unit}, over {found.axis}", {"": curve})


def in_training(subject: ReportSubject) -> Section | None:
    """Show the evaluations during the trainings."""
    head = ["iteration", "environment steps", "return", "95 % interval", "success rate", "lower bound", "best so far"]
    parts: list[Part] = []
    for label, log in subject.runs.items():
        rows: list[list[Cell]] = []
        for line in log.evaluations:
            made = line.aggregates.return_
            rates = [line.metrics["success_rate"], line.lower_bound]
            where = [str(line.iteration), line.env_steps]
            rows.append([*where, made.mean, interval(made.ci), *rates, "yes" if line.best else ""])
        if rows:
            best = [index for index, line in enumerate(log.evaluations) if line.best][-1:]
            title = f"{label}: {len(rows)} evaluations" if label else f"{len(rows)} evaluations"
            parts.append(Section(title, [Table(head, rows, best)], closed=True))
    return Section("During the training", parts)


def videos(subject: ReportSubject) -> Section | None:
    """Show the videos in the folders of the runs."""
    found = {
        " ".join(filter(None, [label, str(path.relative_to(log.path))])): path
        for label, log in subject.runs.items()
        for path in sorted(log.path.rglob("*.mp4"))
    }
    return Section("Videos", [Videos(found)] if found else [])


def configuration(subject: ReportSubject) -> Section | None:
    """Show the configs of the first run, closed."""
    parts: list[Part] = []
    for log in list(subject.runs.values())[:1]:
        for path in (log.path / AGENT_PARAMS, log.path / ENV_PARAMS):
            for name, value in (read_json(path) if path.exists() else {}).items():
                if isinstance(value, dict):
                    parts.append(Section(name, [Code(json.dumps(value, indent=2))], closed=True))
    return Section("Configuration", parts)


def provenance(subject: ReportSubject) -> Section | None:
    """Show what made the first run, or else the first evaluation: command, versions, plugins, machine, source."""
    files = [log.path / PROVENANCE for log in subject.runs.values()]
    known = [read_json(path) for path in files[:1] if path.exists()]
    known += [document.environment for document in subject.evaluations.values()]
    if not known:
        return None
    origin = known[0]
    command, git = origin.get("command"), origin.get("git")
    seeds, plugins = origin.get("seeds") or {}, origin.get("plugins") or []
    items = {
        "command": " ".join(command) if isinstance(command, list) else command,
        "begun": origin.get("created_at"),
        "seeds": ", ".join(f"{name} {value}" for name, value in seeds.items()) or None,
        "source": f"commit {git['commit']}" + (", with local changes" if git["dirty"] else "") if git else None,
        "machine": ", ".join(_machine(origin.get("hardware") or {})) or None,
        "plugins": ", ".join(f"{plugin['name']} {plugin['version']}" for plugin in plugins) or None,
    }
    parts: list[Part] = [Definitions(items)]
    if origin.get("versions"):
        parts.append(Section("Versions", [Definitions(origin["versions"])], closed=True))
    return Section("Provenance", parts)


def _machine(hardware: Document) -> list[str]:
    known = [f"{hardware.get('cpus')} × {hardware['processor']}"] if "processor" in hardware else []
    known += [f"{hardware['memory_gib']} GiB"] if "memory_gib" in hardware else []
    return [*known, *hardware.get("gpus", []), *([hardware["system"]] if "system" in hardware else [])]
