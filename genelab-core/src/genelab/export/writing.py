"""Export: actor and environment in, verified file and metadata out."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.export.baked import bake
from genelab.export.exporter import Exportable, Exporter
from genelab.export.metadata import describe_policy, describe_writing, metadata_path
from genelab.export.parity import check_parity
from genelab.export.rollout import record_rollout
from genelab.utils.files import atomic_path, check_output, sha256_file, write_json

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.backends.base import InferenceSetup

ROLLOUT_STEPS = 32


def export_policy(
    setup: InferenceSetup,
    env: VecEnv,
    path: str | Path,
    *,
    task: str,
    exporter: Exporter,
    format: str,
    checkpoint: Path | None = None,
    force: bool = False,
    seed: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Write `path` and `<path>.metadata.json`, after the file was loaded again and acted as the actor does.

    Args:
        setup: The actor.
        env: Its environment, for the observation layout and a rollout of 32 steps. With 64 envs the check covers
            2048 observations; the batch sizes that it ran are in the metadata.
        path: The file to write.
        task: The task's id.
        exporter: Exporter of the format.
        format: Name of the format.
        checkpoint: File that the actor came from; its path and SHA-256 go into the metadata.
        force: Replace existing files.
        seed: Seed of the rollout.
        options: Options of the exporter (`opset`).

    Returns:
        The metadata.

    Raises:
        UsageError: if a file exists, or for a policy that the format cannot carry.
        GenelabError: if the widths differ, or the written file does not act as the actor does; nothing is left then.
    """
    path = Path(path)
    for target in (path, metadata_path(path)):
        check_output(target, force=force)
    live = _on_cpu(setup)
    exportable = Exportable(
        module=bake(live, env.observation_layout),
        obs_dim=live.actor_input_dim,
        action_dim=live.action_dim,
        recurrent=live.recurrent,
        metadata={
            "task": task,
            "checkpoint": None if checkpoint is None else str(checkpoint),
            "checkpoint_sha256": None if checkpoint is None else sha256_file(checkpoint),
            **describe_policy(live, env),
        },
    )
    rollout = record_rollout(setup, env, steps=ROLLOUT_STEPS, seed=seed)
    # Both are complete under temporary names before either gets its own.
    with atomic_path(path) as temporary, atomic_path(metadata_path(path)) as temporary_metadata:
        added = exporter.export(exportable, temporary, **options)
        described = {**exportable.metadata, **describe_writing(format), **added, "sha256": sha256_file(temporary)}
        described["parity"] = check_parity(live, exporter.load(temporary, described), rollout, format)
        write_json(temporary_metadata, described)
    return described


def _on_cpu(setup: InferenceSetup) -> InferenceSetup:
    """Return a copy whose actor is on the CPU, frozen; the caller's actor stays as it is."""
    actor = deepcopy(setup.actor).cpu().eval().requires_grad_(False)
    return replace(setup, actor=actor)
