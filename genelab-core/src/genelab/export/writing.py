"""Export: actor and environment in, verified file and metadata out."""

from __future__ import annotations

from contextlib import ExitStack
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.export.exporter import Exportable, Exporter
from genelab.export.metadata import describe_policy, describe_writing, metadata_path, reference_path
from genelab.export.parity import check_parity
from genelab.export.reference import EPISODES, record_reference
from genelab.export.rollout import record_rollout
from genelab.rl.baked import bake
from genelab.rl.checkpoint import open_checkpoint
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

    For an environment with one robot, `<path>.reference.npz` holds the first second of eight episodes as the simulator
    of the training has them (`genelab.export.reference`).

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
        seed: Seed of the rollouts.
        options: Options of the exporter (`opset`).

    Returns:
        The metadata.

    Raises:
        UsageError: if a file exists, or for a policy that the format cannot carry.
        GenelabError: if the widths differ, or the written file does not act as the actor does; nothing is left then.
    """
    path = Path(path)
    for target in (path, metadata_path(path), reference_path(path)):
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
            "checkpoint_sha256": None if checkpoint is None else open_checkpoint(checkpoint).sha256,
            **describe_policy(live, env),
        },
    )
    rollout = record_rollout(setup, env, steps=ROLLOUT_STEPS, seed=seed)
    deployment = exportable.metadata["deployment"]
    robots = 0 if deployment is None else len(deployment["robots"])
    # All are complete under temporary names before any gets its own.
    with ExitStack() as files:
        temporary = files.enter_context(atomic_path(path))
        temporary_metadata = files.enter_context(atomic_path(metadata_path(path)))
        added = exporter.export(exportable, temporary, **options)
        described = {**exportable.metadata, **describe_writing(format), **added, "sha256": sha256_file(temporary)}
        described["parity"] = check_parity(live, exporter.load(temporary, described), rollout, format)
        described["reference"] = None
        if robots == 1:
            temporary_reference = files.enter_context(atomic_path(reference_path(path)))
            record_reference(setup, env, seed=seed).write(temporary_reference)
            described["reference"] = {
                "file": reference_path(path).name,
                "sha256": sha256_file(temporary_reference),
                "seed": seed,
                "episodes": min(EPISODES, env.num_envs),
            }
        write_json(temporary_metadata, described)
    return described


def _on_cpu(setup: InferenceSetup) -> InferenceSetup:
    """Return a copy whose actor is on the CPU, frozen; the caller's actor stays as it is."""
    actor = deepcopy(setup.actor).cpu().eval().requires_grad_(False)
    return replace(setup, actor=actor)
