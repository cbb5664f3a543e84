"""Finds the function of each observation term by the kind that the metadata states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from genelab.plugins.catalog import get_catalog
from genelab.sim2sim.robot_state import RobotState
from genelab.utils.errors import UsageError
from genelab.utils.references import current

Compute = Callable[[RobotState], np.ndarray]


def find_kinds(observations: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Compute]]:
    """Return the function of each term, by group and name.

    Args:
        observations: The metadata's `deployment.observations`: by group and term `kind` and `params`.

    Raises:
        UsageError: naming every term whose kind nobody registered.
    """
    catalog = get_catalog()
    by_kind = {spec.kind: spec for spec in catalog.observation_kinds.values()}
    unknown = [
        f"{name} ({term['kind']})"
        for terms in observations.values()
        for name, term in terms.items()
        if current(term["kind"]) not in by_kind
    ]
    if unknown:
        raise UsageError(
            f"sim2sim cannot compute {', '.join(dict.fromkeys(unknown))}: nobody says how, from a robot's state alone",
            where="observations",
            fix="provide an ObservationKindSpec through the hook genelab_observation_kinds of a plugin",
        )

    def function(term: Mapping[str, Any]) -> Compute:
        spec = by_kind[current(term["kind"])]
        return partial(catalog.load(spec, spec.compute), **term["params"])

    return {group: {name: function(term) for name, term in terms.items()} for group, terms in observations.items()}
