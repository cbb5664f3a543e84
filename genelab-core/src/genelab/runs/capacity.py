"""How many environments fit into memory."""

from __future__ import annotations

import os
from pathlib import Path

from genelab.utils.errors import UsageError

BYTES_PER_ENV = 2 * 2**20
"""Upper estimate: a 29-joint humanoid with 150 contact pairs takes 1.3 MiB, a wheeled quadruped 0.8 MiB."""

LEAST_BYTES_PER_ENV = 32 * 2**10
"""Lower estimate: a cart-pole with the default 30 contact pairs takes 37 KiB."""

MAX_ENVS = 4096

UNCHECKED = "GENELAB_ANY_NUM_ENVS"
"""Environment variable: 1 lets any number of envs pass `require_room`."""

_NEVER_TOO_MANY = 2**30 // LEAST_BYTES_PER_ENV
"""Envs that every machine is given the benefit of the doubt for, so that torch is not imported to look at the GPU."""


def envs_that_fit(gpu: bool | None) -> int:
    """Return how many envs fit into half of the memory that is free now, at least 1 and at most `MAX_ENVS`.

    Args:
        gpu: As `SimulationCfg.gpu`: whether the simulation runs on the GPU, or `None` if it does when there is one.
    """
    import torch

    if gpu is not False and torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
    else:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(MAX_ENVS, free // 2 // BYTES_PER_ENV))


def require_room(num_envs: int, gpu: bool | None) -> None:
    """Refuse a number of envs that no task could fit into this machine's whole memory.

    Only a lower estimate: a robot with many joints and contacts takes up to forty times as much, and the replay buffer
    or rollout of the agent comes on top.

    Args:
        num_envs: Envs that one process will simulate.
        gpu: As for `envs_that_fit`.

    Raises:
        UsageError: with the numbers; not if the user says, with `GENELAB_ANY_NUM_ENVS=1`, that he knows better.
    """
    if num_envs <= _NEVER_TOO_MANY or os.environ.get(UNCHECKED) == "1":
        return
    memory, owner = _whole_memory(gpu)
    most = memory // LEAST_BYTES_PER_ENV
    if num_envs > most:
        raise UsageError(
            f"{num_envs} envs need at least {num_envs * LEAST_BYTES_PER_ENV / 2**30:,.0f} GiB, {owner} has "
            f"{memory / 2**30:,.0f} GiB",
            where="env.simulation.num_envs, --num-envs",
            fix=f"at most {most} could fit, with many joints and contacts some {max(1, memory // BYTES_PER_ENV)}; "
            f"{UNCHECKED}=1 tries nevertheless",
        )


def _whole_memory(gpu: bool | None) -> tuple[int, str]:
    """Return the bytes of memory, used or free, that a simulation could get at most, and whose they are."""
    if gpu is not False:
        import torch

        if torch.cuda.is_available():
            return torch.cuda.mem_get_info()[1], "the GPU"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _container_limit()
    return (memory, "this machine") if limit is None or limit > memory else (limit, "this container")


def _container_limit(file: Path = Path("/sys/fs/cgroup/memory.max")) -> int | None:
    """Return the memory limit of a Linux control group (version 2), or `None` where there is none."""
    if not file.is_file():
        return None
    text = file.read_text().strip()
    return int(text) if text.isdigit() else None
