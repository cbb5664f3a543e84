"""The sections that every report has, each a function that a record of `genelab.reports.plugin` names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

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
    interval,
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
    for label, document in found.items():
        title = f"{label}: {document['num_episodes']} episodes, seed {document['seed']}, {document['evaluated_at']}"
        parts.append(Section(title, _evaluation(document), closed=len(found) > 1))
    return Section("Evaluation", parts)


def _evaluation(document: Document) -> list[Part]:
    made = document["aggregates"]
    parts: list[Part] = [_metrics(made)]
    if any(made["terminations"].values()):
        parts.append(Section("Episodes ended by", [Bars(made["terminations"])]))
    profiles = [_profile(name, profile) for name, profile in document.get("profiles", {}).items()]
    if drawn := [panel for panel in profiles if panel.known()]:
        parts.append(Charts(drawn, small=True))
    return [*parts, *(Text(f"warning: {item['message']}", "soft") for item in document["warnings"])]


def _overview(documents: Mapping[str, Document]) -> Table:
    rows: list[list[Cell]] = []
    for label, document in documents.items():
        made = document["aggregates"]
        success = made["success_once" if made["headline"] == "success_once" else "success_at_end"]
        outcome = [None, None] if success is None else [success["rate"], interval(success["ci"])]
        means = [made["return"]["mean"], interval(made["return"]["ci"]), made["length"]["mean"]]
        rows.append([label, document["num_episodes"], *means, *outcome])
    return Table(["", "episodes", "return", "95 % interval", "length", "success rate", "95 % interval"], rows)


def _metrics(made: Document) -> Table:
    """Return the aggregates of an evaluation, a row for each number, the headline stressed."""
    rows: dict[str, list[Cell]] = {name: _aggregate(name, made[name]) for name in ("return", "length")}
    for name in ("success_at_end", "success_once"):
        if (numbers := made[name]) is not None:
            counted = f"{numbers['k']} of {numbers['n']}"
            rows[name] = [name, numbers["n"], numbers["rate"], interval(numbers["ci"]), counted, "", ""]
    rows |= {name: _aggregate(name, numbers) for name, numbers in made["custom"].items()}
    stressed = [index for index, name in enumerate(rows) if name == made["headline"]]
    rewards = [_aggregate(f"reward {name}", numbers) for name, numbers in made["reward_terms"].items()]
    return Table(["", "n", "mean", "95 % interval", "std", "min", "max"], [*rows.values(), *rewards], stressed)


def _aggregate(name: str, numbers: Document) -> list[Cell]:
    label = f"{name} [{numbers['unit']}]" if "unit" in numbers else name
    spread = (numbers[key] for key in ("std", "min", "max"))
    return [label, numbers["n"], numbers["mean"], interval(numbers["ci"]), *spread]


def _profile(name: str, profile: Document) -> Panel:
    """Return a panel that says where along an episode a metric's number comes from."""
    means = [math.nan if value is None else value for value in profile["means"]]
    unit = f" [{profile['unit']}]" if profile["unit"] else ""
    curve = Curve(np.array(profile["places"], dtype=float), np.array(means, dtype=float))
    return Panel(f"{name}{unit}, over {profile['axis']}", {"": curve})


def in_training(subject: ReportSubject) -> Section | None:
    """Show the evaluations during the trainings."""
    head = ["iteration", "environment steps", "return", "95 % interval", "success rate", "lower bound", "best so far"]
    parts: list[Part] = []
    for label, log in subject.runs.items():
        rows: list[list[Cell]] = []
        for line in log.evaluations:
            made = line["aggregates"]["return"]
            rates = [line["metrics"]["success_rate"], line["lower_bound"]]
            where = [str(line["iteration"]), line["env_steps"]]
            rows.append([*where, made["mean"], interval(made["ci"]), *rates, "yes" if line["best"] else ""])
        if rows:
            best = [index for index, line in enumerate(log.evaluations) if line["best"]][-1:]
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
    known += [document["environment"] for document in subject.evaluations.values()]
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
    known = []
    if "processor" in hardware:
        known.append(f"{hardware.get('cpus')} × {hardware['processor']}")
    if "memory_gib" in hardware:
        known.append(f"{hardware['memory_gib']} GiB")
    return [*known, *hardware.get("gpus", []), *([hardware["system"]] if "system" in hardware else [])]
