"""The evaluation file, `eval.json`: assembled, written and read here; what it holds is `genelab.eval.document`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from genelab.config.base import is_config
from genelab.config.serialization import to_json, with_first_names
from genelab.eval.aggregates import MetricInfo, aggregates, by_stratum
from genelab.eval.document import SCHEMA, Aggregates, Evaluation, PolicyRecord, ProtocolRecord, Timing
from genelab.utils.errors import GenelabError
from genelab.utils.files import atomic_path, read_json, sha256_file, sha256_json, write_json
from genelab.utils.records import from_record, to_record

if TYPE_CHECKING:
    from genelab.eval.protocol import EvalResult  # runs policies, so it imports torch

ROWS_IN_FILE = 2000
"""With more episodes than this the rows go to a JSONL file beside the report."""

_NOT_HASHED = ("protocol_sha256", "num_envs", "overrides", "determinism", "plan")
"""Fields of `ProtocolRecord` that do not decide what is measured, or say it again (the config holds the plan)."""

_RUN_DETAILS = ("num_envs", "vis", "steps", "gpu", "performance_mode", "pad_batch")
"""Fields of `SimulationCfg` that say how fast or visibly something runs, not what is measured."""


@dataclass
class Subject:
    """What was evaluated, where, and how: everything in the report that the rollout does not know.

    Attributes:
        task: Task id.
        checkpoint: Path of the checkpoint or exported file, `None` for policies without one.
        policy: What acted.
        env_config: The environment's config.
        env_config_name: Which of the task's configs it is: `"eval"` or `"env"`.
        deterministic: Whether the policy acted without exploration noise.
        overrides: Config overrides, `"path=value"`.
        environment: Versions, hardware, plugins, git, command.
        metrics: Unit and direction of the further metrics.
        headline: See `genelab.eval.aggregates.aggregates`.
        build_s: Wall time to build the environment, s.
    """

    task: str
    checkpoint: str | None
    policy: PolicyRecord
    env_config: Any
    environment: dict[str, Any]
    env_config_name: str = "eval"
    deterministic: bool = True
    overrides: list[str] = field(default_factory=list[str])
    metrics: Mapping[str, MetricInfo] = field(default_factory=dict[str, MetricInfo])
    headline: str | None = None
    build_s: float | None = None


def build_report(result: EvalResult, subject: Subject) -> Evaluation:
    """Return the document about `result`, which `subject` reached."""
    metrics = {name: subject.metrics.get(name, MetricInfo()) for name in result.metric_names}
    made = aggregates(result.rows, metrics, subject.headline)
    env_steps = result.steps * result.num_envs
    wall_clock = (subject.build_s or 0.0) + result.rollout_s
    return Evaluation(
        task=subject.task,
        checkpoint=subject.checkpoint,
        num_episodes=result.episodes,
        metrics=_summary(made, result, wall_clock),
        wall_clock_seconds=wall_clock,
        seed=result.seed,
        deterministic=subject.deterministic,
        evaluated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        policy=subject.policy,
        protocol=_protocol(result, subject),
        aggregates=made,
        strata=by_stratum(result.rows, result.strata, metrics),
        profiles={name: curve.to_record(metrics[name].unit) for name, curve in result.curves.items()} or None,
        episodes=result.rows,
        environment=subject.environment,
        timing=Timing(
            build_s=subject.build_s,
            rollout_s=result.rollout_s,
            env_steps=env_steps,
            env_steps_per_s=env_steps / result.rollout_s if result.rollout_s > 0 else None,
            wasted_step_fraction=result.wasted_step_fraction,
        ),
        warnings=result.warnings,
    )


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write the document.

    With more than `ROWS_IN_FILE` rows these go to `<stem>.episodes.jsonl`, and the document holds its name and hash.
    """
    document, rows = evaluation.to_json(), evaluation.episodes
    if len(rows) > ROWS_IN_FILE:
        rows_path = path.with_name(f"{path.stem}.episodes.jsonl")
        with atomic_path(rows_path) as temporary, temporary.open("w", encoding="utf-8") as lines:
            for row in rows:
                lines.write(json.dumps(row, allow_nan=False) + "\n")
        document["episodes"] = {"path": rows_path.name, "sha256": sha256_file(rows_path), "count": len(rows)}
    write_json(path, document)


def read_report(path: Path, *, rows: bool = True) -> Evaluation:
    """Read an evaluation file.

    Args:
        path: The file.
        rows: Whether `episodes` is wanted; without, it is empty where the rows lie in another file.

    Raises:
        UsageError: if it is missing or not JSON.
        GenelabError: if it is of another kind, or its rows are missing or were changed.
    """
    document = _read_document(path)
    if document is None:
        raise GenelabError(f"{path.name} is not an evaluation file ({SCHEMA})", where=str(path))
    if isinstance(document.get("episodes"), dict):
        document["episodes"] = _read_rows(path.parent, document["episodes"]) if rows else []
    try:
        return from_record(Evaluation, document)
    except TypeError as error:
        raise GenelabError(f"{path.name} is a damaged evaluation file: {error}", where=str(path)) from error


def find_reports(folder: Path) -> dict[str, Evaluation]:
    """Return the evaluation files in a folder by name, without their rows."""
    files = sorted(folder.glob("*.json"))
    return {path.name: read_report(path, rows=False) for path in files if _read_document(path) is not None}


def _read_document(path: Path) -> dict[str, Any] | None:
    """Return the content of an evaluation file, `None` for another JSON file."""
    document: Any = read_json(path)
    known = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    return known if known.get("schema") == SCHEMA else None


def _read_rows(folder: Path, reference: dict[str, Any]) -> list[dict[str, Any]]:
    path = folder / Path(reference["path"]).name  # beside the report, wherever the report says it is
    if not path.is_file():
        raise GenelabError(f"the episodes' file {path.name} is missing", where=str(path.parent))
    if sha256_file(path) != reference["sha256"]:
        raise GenelabError(f"{path.name} is not the file that the evaluation wrote (its hash differs)", where=str(path))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _summary(made: Aggregates, result: EvalResult, wall_clock: float) -> dict[str, float | None]:
    """Return the numbers to see first: population std, the success that counts, times and peak reward."""
    returns = [row["return"] for row in result.rows if row["return"] is not None]
    mean = made.return_.mean
    variance = None if mean is None else math.fsum((value - mean) ** 2 for value in returns) / len(returns)
    return {
        "return_mean": mean,
        "return_std": None if variance is None else math.sqrt(variance),
        "length_mean": made.length.mean,
        "success_rate": None if made.success is None else made.success.rate,
        "avg_max_reward": made.custom["max_reward"].mean,
        "eval_s": wall_clock,
        "eval_ep_s": wall_clock / len(result.rows) if result.rows else None,
    }


def _protocol(result: EvalResult, subject: Subject) -> ProtocolRecord:
    config = _comparable(subject.env_config)
    made = ProtocolRecord(
        protocol_sha256="",
        num_envs=result.num_envs,
        max_episode_steps=result.max_episode_steps,
        env_config=subject.env_config_name,
        env_config_sha256=config_sha256(config),
        domain_randomization="train" if subject.env_config_name == "env" else "off",
        observation_noise=_has_noise(config),
        strata=list(result.strata),
        overrides=subject.overrides,
        plan=result.strata or None,
    )
    must_be_equal = {
        **{name: value for name, value in to_record(made).items() if name not in _NOT_HASHED},
        "schema": SCHEMA,
        "task": subject.task,
        "episodes": result.episodes,
        "seed": result.seed,
        "deterministic": subject.deterministic,
    }
    return replace(made, protocol_sha256=sha256_json(must_be_equal))


def config_sha256(env_config: Any) -> str:
    """Return a hash of what a config says about the measurement, the same when what it names moves to another module.

    Its seed does not count, as the protocol has one of its own, nor does how fast it runs.
    """
    return sha256_json(with_first_names(_comparable(env_config)))


def _comparable(env_config: Any) -> dict[str, Any]:
    """Return a config as JSON without what does not change the measurement."""
    config = to_json(env_config) if is_config(env_config) else env_config
    config = {name: value for name, value in config.items() if name != "seed"}
    if "simulation" in config:
        kept = {name: value for name, value in config["simulation"].items() if name not in _RUN_DETAILS}
        config["simulation"] = kept
    return config


def _has_noise(config: Mapping[str, Any]) -> bool:
    groups = config.get("observations", {}).values()
    return any(group["corrupt"] and any(term["noise"] for term in group["terms"].values()) for group in groups)
