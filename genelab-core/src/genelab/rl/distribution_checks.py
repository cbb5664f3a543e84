"""`torch.distributions` checks its arguments at each construction, which costs time; others turn that off for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.distributions import Distribution


@contextmanager
def distribution_checks_restored() -> Iterator[None]:
    """Put the setting back that was there before the block.

    RL libraries turn the checks off when they are imported or build a network, and torch's compiler, which exports
    recurrent actors, when it is first used; each for the whole process.
    """
    setting = Distribution._validate_args
    try:
        yield
    finally:
        Distribution.set_default_validate_args(setting)


@contextmanager
def without_distribution_checks() -> Iterator[None]:
    """Turn the checks off inside the block."""
    with distribution_checks_restored():
        Distribution.set_default_validate_args(False)
        yield
