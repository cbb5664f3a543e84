"""The evaluation file, `eval.json`: assembled here, its shape is `eval.schema.json` beside this module."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genelab.config.base import is_config
from genelab.config.serialization import to_json, with_first_names
from genelab.eval.aggregates import MetricInfo, aggregates, by_stratum
from genelab.eval.protocol import EvalResult
from genelab.utils.errors import GenelabError
from genelab.utils.files import atomic_path, read_json, sha256_file, sha256_json, write_json

SCHEMA = "genelab.eval/1"
ROWS_IN_FILE = 2000
"""With more episodes than this the rows go to a JSONL file beside the report."""

_RUN_DETAILS = ("num_envs", "vis", "steps", "gpu", "performance_mode", "pad_batch")
"""Fields of `SimulationCfg` that say how fast or visibly something runs, not what is measured."""


@dataclass
class Subject:
    """What was evaluated, where, and how: everything in the report that the rollout does not know.

    Attributes:
        task: Task id.
        checkpoint: Path of the checkpoint or exported file, `None` for policies without one.
        policy: The `policy` object of the schema (`kind` and `sha256` at least).
        env_config: The environment's config.
        env_config_name: Which of the task's configs it is: `"eval"` or `"env"`.
        deterministic: Whether the policy acted without exploration noise.
        overrides: Config overrides, `"path=value"`.
        environment: The `environment` object of the schema: versions, hardware, plugins, git, command.
        metrics: Unit and direction of the further metrics.
        headline: See `genelab.eval.aggregates.aggregates`.
        build_s: Wall time to build the environment, s.
    """

    task: str
    checkpoint: str | None
    policy: dict[str, Any]
    env_config: Any
    environment: dict[str, Any]
    env_config_name: str = "eval"
    deterministic: bool = True
    overrides: list[str] = field(default_factory=list)
    metrics: Mapping[str, MetricInfo] = field(default_factory=dict)
    headline: str | None = None
    build_s: float | None = None


def build_report(result: EvalResult, subject: Subject) -> dict[str, Any]:
    """Return the document with its rows inside; `write_report` moves them out when there are many."""
    metrics = {name: subject.metrics.get(name, MetricInfo()) for name in result.metric_names}
    profiles = {name: {"unit": metrics[name].unit, **found} for name, found in result.profiles.items()}
    made = aggregates(result.rows, metrics, subject.headline)
    env_steps = result.steps * result.num_envs
    wall_clock = (subject.build_s or 0.0) + result.rollout_s
    return {
        "schema": SCHEMA,
        "task": subject.task,
        "checkpoint": subject.checkpoint,
        "num_episodes": result.episodes,
        "metrics": _flat_metrics(made, result, wall_clock),
        "wall_clock_seconds": wall_clock,
        "seed": result.seed,
        "deterministic": subject.deterministic,
        "evaluated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "policy": subject.policy,
        "protocol": _protocol(result, subject),
        "aggregates": made,
        "strata": by_stratum(result.rows, result.strata, metrics),
        **({"profiles": profiles} if profiles else {}),
        "episodes": result.rows,
        "environment": subject.environment,
        "timing": {
            "build_s": subject.build_s,
            "compile_s": None,
            "rollout_s": result.rollout_s,
            "env_steps": env_steps,
            "env_steps_per_s": env_steps / result.rollout_s if result.rollout_s > 0 else None,
            "wasted_step_fraction": result.wasted_step_fraction,
        },
        "warnings": result.warnings,
    }


def write_report(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """Write the document and return it as written.

    With more than `ROWS_IN_FILE` rows these go to `<stem>.episodes.jsonl` and the document holds its name and hash.
    """
    rows = document["episodes"]
    if len(rows) > ROWS_IN_FILE:
        rows_path = path.with_name(f"{path.stem}.episodes.jsonl")
        with atomic_path(rows_path) as temporary, temporary.open("w", encoding="utf-8") as lines:
            for row in rows:
                lines.write(json.dumps(row, allow_nan=False) + "\n")
        reference = {"path": rows_path.name, "sha256": sha256_file(rows_path), "count": len(rows)}
        document = {**document, "episodes": reference}
    write_json(path, document)
    return document


def read_report(path: Path) -> dict[str, Any]:
    """Read an evaluation file, rows included.

    Raises:
        UsageError: if it is missing or not JSON.
        GenelabError: if it is of another kind, or its rows are missing or were changed.
    """
    document = read_json(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise GenelabError(f"{path.name} is not an evaluation file ({SCHEMA})", where=str(path))
    if isinstance(document["episodes"], dict):
        document["episodes"] = _read_rows(path.parent, document["episodes"])
    return document


def _read_rows(folder: Path, reference: dict[str, Any]) -> list[dict[str, Any]]:
    path = folder / Path(reference["path"]).name  # beside the report, wherever the report says it is
    if not path.is_file():
        raise GenelabError(f"the episodes' file {path.name} is missing", where=str(path.parent))
    if sha256_file(path) != reference["sha256"]:
        raise GenelabError(f"{path.name} is not the file that the evaluation wrote (its hash differs)", where=str(path))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _flat_metrics(made: dict[str, Any], result: EvalResult, wall_clock: float) -> dict[str, float | None]:
    """Return the numbers of the documents: population std, success rate of the headline, times and peak reward."""
    returns = [row["return"] for row in result.rows if row["return"] is not None]
    mean = made["return"]["mean"]
    variance = math.fsum((value - mean) ** 2 for value in returns) / len(returns) if returns else None
    success = made["success_once" if made["headline"] == "success_once" else "success_at_end"]
    return {
        "return_mean": mean,
        "return_std": None if variance is None else math.sqrt(variance),
        "length_mean": made["length"]["mean"],
        "success_rate": None if success is None else success["rate"],
        "avg_max_reward": made["custom"]["max_reward"]["mean"],
        "eval_s": wall_clock,
        "eval_ep_s": wall_clock / len(result.rows) if result.rows else None,
    }


def _protocol(result: EvalResult, subject: Subject) -> dict[str, Any]:
    config = comparable_config(subject.env_config)
    measured = {
        "assignment": "quota_round_robin",
        "seed_scheme": "counter/1",
        "max_episode_steps": result.max_episode_steps,
        "env_config": subject.env_config_name,
        "env_config_sha256": sha256_json(config),
        "domain_randomization": "train" if subject.env_config_name == "env" else "off",
        "observation_noise": _has_noise(config),
        "auto_reset_mode": "same_step",
        "discount_for_return": 1.0,
        "strata": list(result.strata),
    }
    must_be_equal = {
        **measured,
        "schema": SCHEMA,
        "task": subject.task,
        "episodes": result.episodes,
        "seed": result.seed,
        "deterministic": subject.deterministic,
    }
    return {
        "protocol_sha256": sha256_json(must_be_equal),
        "num_envs": result.num_envs,
        **measured,
        "overrides": subject.overrides,
        "determinism": "none",
        "plan": result.strata or None,
    }


def comparable_config(env_config: Any) -> Any:
    """Return a config as JSON without what does not change the measurement: its seed and how fast it runs.

    The protocol's own seed replaces the config's. References are the oldest ones, so that a renamed module changes
    nothing.
    """
    config = with_first_names(to_json(env_config) if is_config(env_config) else env_config)
    config = {name: value for name, value in config.items() if name != "seed"}
    if "simulation" in config:
        kept = {name: value for name, value in config["simulation"].items() if name not in _RUN_DETAILS}
        config["simulation"] = kept
    return config


def _has_noise(config: Mapping[str, Any]) -> bool:
    groups = config.get("observations", {}).values()
    return any(group["corrupt"] and any(term["noise"] for term in group["terms"].values()) for group in groups)
