"""Which cell of the terrain an env goes to at its reset."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genelab.config.terrain import COLUMN_STRATUM, LEVEL_STRATUM
from genelab.managers.random_streams import RandomStreams
from genelab.terrains.placement import Placement
from genelab.utils.strata import Bins


def place_on_terrain(
    placement: Placement | None, random: RandomStreams, strata: Mapping[str, Bins], mask: torch.Tensor
) -> None:
    """Put the envs in `mask`, bool `(num_envs,)`, where training has come to, or in evaluation where the plan says."""
    if placement is None:
        return
    if not random.evaluation:
        placement.place(mask)
        return
    planned = {name: random.stratum(name) for name in (LEVEL_STRATUM, COLUMN_STRATUM) if name in strata}
    placement.place_episodes(mask, random.episode_index, planned.get(LEVEL_STRATUM), planned.get(COLUMN_STRATUM))
