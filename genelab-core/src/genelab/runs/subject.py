"""What an evaluation report says about the policy, the environment and the machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.api import MetricSpec, Record
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.eval.aggregates import MetricInfo
from genelab.eval.report import Subject
from genelab.plugins.catalog import Catalog
from genelab.runs.plan import is_registered
from genelab.runs.provenance import contributors, git_revision, hardware, versions
from genelab.runs.run_dir import RunDir
from genelab.utils.files import sha256_file

if TYPE_CHECKING:
    from genelab.rl.policy import Policy
    from genelab.runs.source import PolicySource


def describe_subject(
    catalog: Catalog, source: PolicySource, policy: Policy, cfg: ManagerBasedRlEnvCfg, metrics: Sequence[MetricSpec]
) -> Subject:
    """Return the report's account of `policy`, made from `source`, in the environment `cfg`.

    Args:
        catalog: Where the records come from.
        source: What the policy was made from; its configs are what `cfg` was taken from.
        policy: The policy itself.
        cfg: The environment's config.
        metrics: The plugin metrics in use.
    """
    task, backend = source.loaded.spec, source.loaded.backend
    used: list[Record] = [task] if is_registered(task.id) else []
    used += [*([backend] if backend is not None else []), *metrics]
    plugins = contributors(catalog, used)
    return Subject(
        task=task.id,
        checkpoint=None if source.path is None else str(source.path),
        policy=_describe_policy(source, policy),
        env_config=cfg,
        headline=cfg.headline,
        metrics={spec.name: MetricInfo(spec.unit, spec.higher_is_better, spec.outcome) for spec in metrics},
        environment={
            "versions": versions([plugin["distribution"] for plugin in plugins]),
            "hardware": hardware(),
            "plugins": [{"name": plugin["name"], "version": plugin["version"]} for plugin in plugins],
            "git": git_revision(Path.cwd()),
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        },
    )


def _describe_policy(source: PolicySource, policy: Policy) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if policy.kind == "checkpoint":
        from genelab.rl.checkpoint import read_meta

        assert source.path is not None
        known = read_meta(source.path)
    elif policy.kind == "export":
        from genelab.export.artifact import Artifact

        assert source.path is not None
        known = Artifact.open(source.path).metadata
    run = None if source.run_dir is None else RunDir(source.run_dir)
    return {
        "kind": policy.kind,
        "backend": source.loaded.require_backend().name if policy.kind == "checkpoint" else None,
        "sha256": None if source.path is None else sha256_file(source.path),
        "iteration": known.get("iteration"),
        "env_steps": known.get("env_steps"),
        "train_seed": None if run is None else run.provenance()["seeds"]["agent"],
        "run_id": None if run is None else run.path.name,
        "recurrent": policy.recurrent,
    }
