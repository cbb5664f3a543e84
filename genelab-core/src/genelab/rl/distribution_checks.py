"""`torch.distributions` checks its arguments at each construction, which costs time; RL libraries turn that off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.distributions import Distribution


@contextmanager
def without_distribution_checks() -> Iterator[None]:
    """Turn the checks off, as RL libraries do for the whole process and for good, and put the setting back."""
    setting = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        Distribution.set_default_validate_args(setting)
