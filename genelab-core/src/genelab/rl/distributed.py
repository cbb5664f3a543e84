"""Ranks: processes that train one policy together, each with its own envs. Light until they are joined.

`torch.distributed.run` starts them and tells each its place through RANK, LOCAL_RANK and WORLD_SIZE.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean
from typing import Any

from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import torch

LOST_PEER = 75
"""Exit status of a rank that ended because another one did (the system's EX_TEMPFAIL)."""

_TIMEOUT = timedelta(hours=2)  # the first rank may evaluate for long while the others wait for it


class LostPeerError(GenelabError):
    """Another rank ended, so that this one cannot go on."""

    exit_code = LOST_PEER


@dataclass(frozen=True)
class World:
    """The place of this process among the ranks. All collective methods must be called by every rank, in one order.

    Attributes:
        rank: Its number; rank 0 alone writes files that are not its own.
        local_rank: Its number on this machine.
        size: Number of ranks; 1 for an ordinary training, which all methods serve without any library.
    """

    rank: int = 0
    local_rank: int = 0
    size: int = 1

    @classmethod
    def from_environment(cls) -> World:
        """Return the place that `torch.distributed.run` gave this process.

        Raises:
            UsageError: if the variables are incomplete or are not numbers.
        """
        names = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
        if "WORLD_SIZE" not in os.environ:
            return cls()
        try:
            rank, local_rank, size = (int(os.environ[name]) for name in names)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"WORLD_SIZE is set, but the place of this process is not clear: {error}",
                where=", ".join(names),
                fix="let torch.distributed.run set them, or unset WORLD_SIZE",
            ) from error
        return cls(rank, local_rank, size)

    @property
    def is_main(self) -> bool:
        """Whether this is the rank that writes."""
        return self.rank == 0

    def seed(self, seed: int) -> int:
        """Return a seed of this rank's own, derived from the run's; rank 0 keeps that one."""
        if self.is_main:
            return seed
        import numpy as np

        return int(np.random.SeedSequence([seed, self.rank]).generate_state(1)[0])

    def any(self, flag: bool) -> bool:
        """Return whether any rank has `flag`."""
        return any(self.gather(flag))

    def barrier(self) -> None:
        """Wait until all ranks are here."""
        self.gather(None)

    def mean(self, scalars: dict[str, float]) -> dict[str, float]:
        """Return the mean of each scalar over the ranks that have it."""
        if self.size == 1:
            return scalars
        parts = self.gather(scalars)
        names = dict.fromkeys(name for part in parts for name in part)
        return {name: fmean(part[name] for part in parts if name in part) for name in names}

    def gather(self, value: Any) -> list[Any]:
        """Return every rank's `value`, plain JSON values (NaN allowed), in the order of the ranks.

        Raises:
            LostPeerError: if another rank has ended.
        """
        if self.size == 1:
            return [value]
        text = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        with collective():
            sizes = [torch.zeros(1, dtype=torch.long) for _ in range(self.size)]
            torch.distributed.all_gather(sizes, torch.tensor([len(text)]))
            longest = int(torch.cat(sizes).max())
            texts = [torch.zeros(longest, dtype=torch.uint8) for _ in range(self.size)]
            torch.distributed.all_gather(texts, torch.cat([text, text.new_zeros(longest - len(text))]))
        return [json.loads(bytes(part[: int(size)].tolist())) for part, size in zip(texts, sizes, strict=True)]


ALONE = World()
"""The only rank of an ordinary training."""


@contextmanager
def collective() -> Iterator[None]:
    """Turn the failure of a collective operation inside the block into `LostPeerError`; others pass."""
    try:
        yield
    except RuntimeError as error:
        if not _is_lost_connection(error):
            raise
        raise LostPeerError("another rank ended, so that this one cannot go on") from error


@contextmanager
def joined(world: World) -> Iterator[World]:
    """Join the ranks inside the block: gloo between CPUs, NCCL between GPUs.

    Raises:
        LostPeerError: if another rank ends before it has joined.
    """
    if world.size == 1:
        yield world
        return
    with collective():
        torch.distributed.init_process_group(timeout=_TIMEOUT, rank=world.rank, world_size=world.size)
    try:
        yield world
    finally:
        torch.distributed.destroy_process_group()


def _is_lost_connection(error: RuntimeError) -> bool:
    """Return whether torch raised `error` because a peer is gone: NCCL has an own class for it, gloo only its name."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error).lower()
