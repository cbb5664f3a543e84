"""A training on several GPUs: one process (rank) for each, started by `torch.distributed.run`."""

from __future__ import annotations

import os
from pathlib import Path

from genelab.api import BackendSpec
from genelab.plugins.catalog import get_catalog
from genelab.rl.distributed import World
from genelab.utils.errors import UsageError
from genelab.utils.gpus import VISIBLE_GPUS, visible_gpus

CAPABILITY = "distributed"


def check_ranks(ranks: int, backend: BackendSpec, num_envs: int) -> None:
    """Refuse what several ranks cannot do.

    Args:
        ranks: Their number.
        backend: The backend's record.
        num_envs: Envs of all ranks together.

    Raises:
        UsageError: if the backend cannot, or the envs do not divide.
    """
    if ranks == 1:
        return
    if CAPABILITY not in backend.capabilities:
        able = [name for name, spec in get_catalog().backends.items() if CAPABILITY in spec.capabilities]
        raise UsageError(
            f"{backend.name} trains in one process, not on {ranks} GPUs",
            where="--gpus",
            fix=f"train with --backend {' or '.join(sorted(able))}" if able else "leave --gpus out",
        )
    if num_envs % ranks:
        lower = num_envs - num_envs % ranks
        near = f"{lower} or {lower + ranks}" if lower else f"{ranks}"
        raise UsageError(
            f"{num_envs} envs cannot be shared equally by {ranks} GPUs",
            where="--num-envs, which counts the envs of all GPUs together",
            fix=f"--num-envs {near}, or --num-envs-per-gpu N",
        )


def check_same_ranks(ranks: int, checkpoint: Path) -> None:
    """Refuse to continue with another number of ranks: each has a state of its own.

    Raises:
        UsageError: if `checkpoint` was written by another number.
    """
    from genelab.rl.checkpoint import read_meta

    before = read_meta(checkpoint).get("ranks", 1)
    if before != ranks:
        again = f"--gpus {before}" if before > 1 else "leave --gpus out"
        raise UsageError(
            f"the run was trained by {before} rank{'s' if before > 1 else ''} and cannot go on exactly with {ranks}",
            fix=f"{again}; or begin a new run with its weights: --checkpoint {checkpoint}",
        )


def check_gpus(count: int) -> None:
    """Refuse more GPUs than there are.

    Raises:
        UsageError: naming how many there are.
    """
    there = len(visible_gpus())
    if count > there:
        found = {0: "is none", 1: "is one"}.get(there, f"are {there}")
        raise UsageError(
            f"--gpus {count} needs {count} NVIDIA GPUs and there {found} here",
            fix=f"--gpus {there}" if there > 1 else "leave --gpus out",
        )


def pin_gpu(world: World) -> None:
    """Let this rank see its own GPU only, which then is `cuda:0` for torch and Genesis; call it before torch looks.

    Nothing happens where there is one rank, or no GPU.

    Raises:
        UsageError: if there are fewer GPUs than ranks.
    """
    gpus = visible_gpus() if world.size > 1 else []
    if not gpus:
        return
    if world.local_rank >= len(gpus):
        raise UsageError(
            f"rank {world.rank} has no GPU of its own: there are {len(gpus)}",
            where=VISIBLE_GPUS,
            fix=f"start fewer ranks, or train on the CPU with {VISIBLE_GPUS}= ",
        )
    os.environ[VISIBLE_GPUS] = gpus[world.local_rank]
