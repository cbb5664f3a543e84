"""Export by task id and checkpoint: what `genelab export` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genelab.api import ExporterSpec
from genelab.export.metadata import metadata_path, reference_path
from genelab.plugins.catalog import get_catalog
from genelab.utils.errors import UsageError
from genelab.utils.files import check_output

NUM_ENVS = 64
"""Envs of the rollout on which the written file is checked, and so the larger of the two batch sizes."""


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        path: The policy.
        metadata_path: Its description.
        metadata: Content of the description.
        differences: What has changed since the checkpoint's run was made, one line each.
    """

    path: Path
    metadata_path: Path
    metadata: dict[str, Any]
    differences: list[str] = field(default_factory=list)


def export_checkpoint(
    task_id: str,
    checkpoint: str | Path,
    *,
    format: str = "torchscript",
    out: str | Path | None = None,
    force: bool = False,
    overrides: Sequence[tuple[str, str]] = (),
    trust: bool = False,
    **options: Any,
) -> ExportReport:
    """Write a checkpoint's actor as a file that runs without the RL library, after checking that it acts the same.

    Everything that can be checked without the simulator is checked first.

    Args:
        task_id: The task that the checkpoint was trained on.
        checkpoint: A checkpoint, or a run directory for its newest one.
        format: Name of an exporter.
        out: The file; `policy` with the exporter's suffix by default.
        force: Replace existing files.
        overrides: Dotted overrides for the configs.
        trust: Let a run's configs name code outside the installed plugins.
        options: Options of the exporter (`opset`).

    Raises:
        UsageError: for an unknown task, format or option, an existing file, or a policy that is not a checkpoint.
        GenelabError: if the written file does not act as the checkpoint does, or its packages are missing.
    """
    catalog = get_catalog()
    spec = catalog.exporter(format)
    path = _output_path(out, spec)
    for target in (path, metadata_path(path), reference_path(path)):
        check_output(target, force=force)

    from genelab.runs.source import open_source

    source = open_source(task_id, checkpoint, overrides=overrides, trust=trust)
    if source.kind != "checkpoint":
        reason = "is an exported file already" if source.kind == "export" else "has no network"
        raise UsageError(f"cannot export {checkpoint}: it {reason}", fix="name a checkpoint or a run directory")
    assert source.path is not None

    exporter = catalog.load(spec, spec.exporter)()
    for option in options:
        if option not in exporter.options:
            fix = f"options of {spec.format}: {', '.join(exporter.options) or 'none'}"
            raise UsageError(f"the {spec.format} format has no option {option!r}", fix=fix)
    exporter.check_options(**options)

    from genelab.envs.make import make_env
    from genelab.export.writing import export_policy
    from genelab.rl.policy import ActorPolicy

    assert source.loaded.cfg.eval_env is not None
    env = make_env(source.loaded.cfg.eval_env, num_envs=NUM_ENVS, seed=0)
    try:
        policy = source.policy(env)
        assert isinstance(policy, ActorPolicy)
        metadata = export_policy(
            policy.setup,
            env,
            path,
            task=source.loaded.spec.id,
            exporter=exporter,
            format=spec.format,
            checkpoint=source.path,
            force=force,
            **options,
        )
    finally:
        env.close()
    return ExportReport(path, metadata_path(path), metadata, source.differences)


def _output_path(out: str | Path | None, spec: ExporterSpec) -> Path:
    """Return the file to write; its suffix is the exporter's, because eval and play know exported files by it."""
    path = Path(f"policy{spec.suffix}" if out is None else out)
    if path.suffix != spec.suffix:
        raise UsageError(
            f"{path.name} is no name for a {spec.format} file: they end in {spec.suffix}",
            where="--out",
            fix=f"--out {path.with_suffix(spec.suffix)}, or another --format",
        )
    return path
