"""What a benchmark's entry measures: as long as this is the same, a finished evaluation need not be repeated."""

from __future__ import annotations

from typing import Any

from genelab.api import Record
from genelab.eval.report import comparable_config
from genelab.jobs.suite import SuiteEntry
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import is_registered
from genelab.runs.arena import measured_config
from genelab.runs.evaluation import directed
from genelab.runs.provenance import contributors, versions
from genelab.runs.source import open_source
from genelab.utils.errors import UsageError
from genelab.utils.files import sha256_file, sha256_json


def measured_inputs(entry: SuiteEntry) -> dict[str, Any]:
    """Open the policy and the configs of `entry` and return what the result depends on, as plain JSON.

    Raises:
        UsageError: for what `genelab eval` would refuse.
        GenelabError: for a policy that is damaged or no longer fits what is installed.
    """
    variant = "env" if entry.randomized else "eval_env"
    source = open_source(entry.task, entry.location or entry.policy, overrides=directed(entry.pairs, variant))
    config = comparable_config(measured_config(source.loaded.cfg, source.loaded.spec.id, variant))
    records: list[Record] = [source.loaded.spec] if is_registered(source.loaded.spec.id) else []
    if source.loaded.backend is not None:
        records.append(source.loaded.backend)
    used = contributors(get_catalog(), [*records, *get_catalog().metrics.values()])
    return {
        "task": source.loaded.spec.id,
        "policy": source.kind,
        "policy_sha256": None if source.path is None else sha256_file(source.path),
        "config_sha256": sha256_json(config),
        "episodes": entry.episodes,
        "seed": entry.seed,
        "randomized": entry.randomized,
        "video": entry.video,
        "overrides": dict(entry.overrides),
        "versions": versions([plugin["distribution"] for plugin in used]),
    }


def changed_inputs(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the names of the inputs that differ."""
    return [name for name in now if then.get(name) != now[name]]


def require_same_protocol(then: dict[str, Any], now: dict[str, Any], *, where: str) -> None:
    """Refuse to compare with a reference that measured other episodes, before anything is measured.

    Raises:
        UsageError: if it did.
    """
    measured = ("task", "episodes", "seed", "randomized", "config_sha256")
    different = [f"{name}: {then.get(name)} against {now[name]}" for name in measured if then.get(name) != now[name]]
    if different:
        raise UsageError(
            "the reference measured something else:\n    " + "\n    ".join(different),
            where=where,
            fix="run the reference's suite again, or restore what it measured",
        )
