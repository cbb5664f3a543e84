"""`genelab info`: what a task observes, does and is rewarded for, who can train it, and what can be overridden."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from genelab.console.options.common import backend_option, json_option, task_command
from genelab.console.tables.text import table


@task_command(short_help="Describe a task.")
@backend_option
@click.option("--build", is_flag=True, help="Build the environment, to show the width of each term (starts Genesis).")
@json_option
def command(task: str, overrides: list[tuple[str, str]], backend: str | None, build: bool, as_json: bool) -> None:
    """Describe TASK: terms, backends, and every override path with its value."""
    from genelab.plugins.tasks import load_task

    loaded = load_task(task, backend=backend, overrides=overrides)
    report = describe(loaded, dims=_built_dims(loaded.cfg.env) if build else {})
    click.echo(json.dumps(report, indent=2) if as_json else _as_text(report))


def describe(loaded: Any, dims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `genelab info --json` prints.

    Args:
        loaded: A `LoadedTask`.
        dims: Widths: `"observations"` by group and term, `"actions"` in all. Empty when the environment is not built.
    """
    from genelab.config.overrides import override_paths
    from genelab.config.serialization import to_json
    from genelab.plugins.catalog import get_catalog

    spec, env = loaded.spec, loaded.cfg.env
    catalog = get_catalog()
    installed = {backend.name: backend for backend in catalog.backends.values()}
    observations = {
        group: {
            "dim": dims["observations"][group]["dim"] if dims else None,
            "history_length": cfg.history_length,
            "corrupt": cfg.corrupt,
            "terms": {
                name: {"dim": dims["observations"][group]["terms"][name] if dims else None, **_term(term)}
                for name, term in cfg.terms.items()
            },
        }
        for group, cfg in env.observations.items()
    }
    return {
        "id": spec.id,
        "summary": spec.summary,
        "description": _description(catalog.load(spec, spec.config)),
        "kind": spec.kind,
        "tags": list(spec.tags),
        "plugin": catalog.owner(spec).label,
        "warm_start": spec.warm_start,
        "observations": observations,
        "actions": {
            "dim": dims["actions"] if dims else None,
            "terms": {name: to_json(term) for name, term in env.actions.items()},
        },
        **{kind: _terms(getattr(env, kind)) for kind in _kinds(env)},
        "backends": {
            "default": spec.default_backend,
            "chosen": loaded.backend.name if loaded.backend else None,
            "agents": dict(spec.agents),
            "installed": sorted(installed),
        },
        "overrides": dict(override_paths(loaded.cfg)),
    }


def _kinds(env: object) -> list[str]:
    """Return the tables of terms that this kind of environment has, besides observations and actions."""
    from genelab.config import ManagerBasedRlEnvCfg

    kinds = ["commands", "rewards", "terminations", "events", "curriculum", "metrics"]
    return kinds if isinstance(env, ManagerBasedRlEnvCfg) else ["events"]


def _terms(terms: Mapping[str, Any]) -> dict[str, Any]:
    from genelab.config.serialization import to_json

    return {name: to_json(term) for name, term in terms.items()}


def _term(term: Any) -> dict[str, Any]:
    from genelab.config.serialization import to_json

    return {name: value for name, value in to_json(term).items() if name != "type"}


def _description(factory: Any) -> str:
    import inspect

    return inspect.getdoc(factory) or ""


def _built_dims(env_cfg: Any) -> dict[str, Any]:
    from genelab.envs.make import make_env

    env = make_env(env_cfg, num_envs=1)
    try:
        layout = env.observation_layout
        observations = {
            name: {"dim": group.dim, "terms": {term.name: term.dim for term in group.terms}}
            for name, group in layout.groups.items()
        }
        return {"observations": observations, "actions": env.action_dim}
    finally:
        env.close()


def _as_text(report: dict[str, Any]) -> str:
    backends = report["backends"]
    agents = ", ".join(
        f"{name}{'' if name in backends['installed'] else ' (not installed)'}" for name in backends["agents"]
    )
    sections = [
        f"{report['id']}  [{report['plugin']}]\n{report['summary']}",
        report["description"],
        f"backends: {agents or 'no agent'}; default: {backends['default'] or 'none'}",
        _beginning(report),
    ]
    for name, group in report["observations"].items():
        rows = [
            [term, _width(values["dim"]), _shown(values), _processing(values)]
            for term, values in group["terms"].items()
        ]
        title = f"observations.{name}, width {_width(group['dim'])}, {group['history_length']} frame(s)"
        sections.append(_section(title, rows))
    actions = report["actions"]
    rows = [[name, _shown(values)] for name, values in actions["terms"].items()]
    sections.append(_section(f"actions, width {_width(actions['dim'])}", rows))
    for kind in ("commands", "rewards", "terminations", "events", "curriculum", "metrics"):
        if report.get(kind):
            rows = [[name, str(term.get("weight", "")), _shown(term)] for name, term in report[kind].items()]
            sections.append(_section(kind, rows))
    sections.append(_section("overrides", [[path, json.dumps(value)] for path, value in report["overrides"].items()]))
    return "\n\n".join(section for section in sections if section)


def _beginning(report: dict[str, Any]) -> str:
    stage = report["warm_start"]
    return f"begins with the policy of {stage}: genelab train {report['id']} --stages" if stage else ""


def _section(title: str, rows: list[list[str]]) -> str:
    return "\n".join([title, *(f"  {line}" for line in table(rows).splitlines())])


def _width(dim: int | None) -> str:
    return "?" if dim is None else str(dim)


def _shown(term: dict[str, Any]) -> str:
    """Return the function of a term, or its class when it has none, and its own parameters."""
    what = term.get("func") or term.get("type") or ""
    params = ", ".join(f"{name}={_short(value)}" for name, value in term.get("params", {}).items())
    return f"{what.rpartition(':')[2]}({params})" if "func" in term else what.rpartition(":")[2]


def _processing(term: dict[str, Any]) -> str:
    """Return what happens to an observed value, in order, where it is not the default."""
    steps = [("latency", [0, 0]), ("noise", None), ("scale", 1.0), ("clip", None)]
    return ", ".join(f"{name} {_short(term[name])}" for name, default in steps if term[name] != default)


def _short(value: Any) -> str:
    if isinstance(value, dict) and "type" in value:
        name = value["type"].rpartition(":")[2]
        given = [f"{key}={_short(item)}" for key, item in value.items() if key != "type" and item is not None]
        return f"{name}({', '.join(given)})"
    return json.dumps(value)
