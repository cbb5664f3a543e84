"""Bins of evaluation episodes: which bin an episode belongs to follows from its index alone."""

from __future__ import annotations

from collections.abc import Mapping


def stratum_of(episode: int, strata: Mapping[str, int]) -> dict[str, int]:
    """Return the bin of an episode in each named stratum.

    The first name changes fastest, so any `bins_1 × bins_2 × …` consecutive episodes visit every combination once.
    `genelab.envs.random_streams.RandomStreams.stratum` gives terms the same bins on the device.
    """
    bins, stride = {}, 1
    for name, count in strata.items():
        bins[name] = (episode // stride) % count
        stride *= count
    return bins
