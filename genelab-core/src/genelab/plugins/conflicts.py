"""Who owns an id, decided over all plugins together.

A plain id that two plugins claim belongs to neither; `distribution::id` always works. A record whose `overrides` names
an id takes it, unless two do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from genelab.api import Record
from genelab.plugins.discovery import record_id
from genelab.plugins.status import PluginStatus
from genelab.utils.names import normalize

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Owned(Generic[R]):
    """A record and the plugin it came from."""

    record: R
    plugin: PluginStatus

    @property
    def qualified(self) -> str:
        return f"{self.plugin.distribution}::{record_id(self.record)}"


@dataclass
class Index(Generic[R]):
    """The records of one kind.

    Attributes:
        listed: Records by the name that reaches them: the plain id, or `distribution::id` where that is ambiguous.
        owners: The record that each normalised plain id means.
        contested: Normalised plain ids that mean nothing, with those that claim them.
        qualified: All records by normalised `distribution::id`.
        overridden: Plain ids taken on purpose, with the qualified names that lost them.
    """

    listed: dict[str, R] = field(default_factory=dict[str, R])
    owners: dict[str, Owned[R]] = field(default_factory=dict[str, Owned[R]])
    contested: dict[str, list[Owned[R]]] = field(default_factory=dict[str, list[Owned[R]]])
    qualified: dict[str, Owned[R]] = field(default_factory=dict[str, Owned[R]])
    overridden: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def build_index(records: Iterable[Owned[R]]) -> Index[R]:
    """Decide all claims; plugins with a contested id get the status `"conflict"`."""
    index: Index[R] = Index()
    claims: dict[str, list[tuple[int, Owned[R]]]] = {}
    for owned in sorted(records, key=lambda item: item.qualified):
        index.qualified[normalize(owned.qualified)] = owned
        own_id = normalize(record_id(owned.record))
        taken = {normalize(name) for name in owned.record.overrides}
        for key in {own_id} | taken:
            claims.setdefault(key, []).append((int(key in taken), owned))
    for key, claimants in claims.items():
        strongest = max(strength for strength, _ in claimants)
        winners = [owned for strength, owned in claimants if strength == strongest]
        if len(winners) > 1:
            index.contested[key] = winners
            for owned in winners:
                _mark(owned, [other for other in winners if other is not owned])
            continue
        index.owners[key] = winners[0]
        losers = [owned.qualified for _, owned in claimants if owned is not winners[0]]
        if losers:
            index.overridden[record_id(winners[0].record)] = losers
    for owned in index.qualified.values():
        own_id = record_id(owned.record)
        plain = index.owners.get(normalize(own_id))
        index.listed[own_id if plain is owned else owned.qualified] = owned.record
    return index


def _mark(owned: Owned[R], others: list[Owned[R]]) -> None:
    plugin, name = owned.plugin, record_id(owned.record)
    plugin.status = "conflict"
    plugin.problem = f"{name!r} is claimed by {', '.join(other.plugin.name for other in others)} too"
    plugin.fix = f"write {owned.qualified}, or disable one of them (GENELAB_DISABLE_PLUGINS)"
