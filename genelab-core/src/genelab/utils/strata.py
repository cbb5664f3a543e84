"""Bins of evaluation episodes: which bin an episode belongs to follows from its index alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Bins = int | tuple[str, ...]
"""Number of bins of a stratum, or their names; bins of the same name are reported as one."""


def bin_labels(bins: Bins) -> tuple[int | str, ...]:
    """Return how reports call each bin: its name, or its number from 0."""
    return tuple(range(bins)) if isinstance(bins, int) else bins


def bin_counts(strata: Mapping[str, Bins]) -> dict[str, int]:
    """Return the number of bins of each stratum."""
    return {name: len(bin_labels(bins)) for name, bins in strata.items()}


def bins_of(episode: Any, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the bin of an episode in each stratum.

    Every stratum counts through its bins from episode to episode, so that a few episodes visit the bins of all strata
    evenly. Left at that, strata with as many bins would move together; so each is moved on by one bin whenever the
    pattern of those before it repeats, and whenever one of those before it, but the first, has been through its bins.
    Any `bins_1 × bins_2 × …` consecutive episodes visit every combination once.

    Args:
        episode: Index of an episode, or of many: an int, or an int64 tensor or array.
        counts: Number of bins by stratum.

    Returns:
        Bin from 0 by stratum, of the type of `episode`.
    """
    bins, period, before = {}, 1, []
    for name, count in counts.items():
        moved = (episode // math.lcm(period, count)) % math.gcd(period, count)
        moved = moved + sum((episode % period) // other for other in before[1:])
        bins[name] = (episode + moved) % count
        period *= count
        before.append(count)
    return bins
