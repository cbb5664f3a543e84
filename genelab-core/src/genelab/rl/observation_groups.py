"""Which observation groups an agent reads, and whether the environment has them."""

from __future__ import annotations

from collections.abc import Iterable

from genelab.utils.names import unknown_name


def require_groups(known: Iterable[str], groups: Iterable[str], where: str) -> None:
    """Check the groups that an agent reads.

    Args:
        known: Groups of the environment: `env_cfg.observations` before it is built, `observation_layout.groups` after.
        groups: Groups that the agent reads.
        where: The agent's field that names them, as `"agent.obs_groups"`.

    Raises:
        UsageError: for the first one that the environment does not have, with the nearest names.
    """
    known = list(known)
    for name in groups:
        if name not in known:
            raise unknown_name("observation group", name, known, where=where)
