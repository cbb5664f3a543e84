"""Which plugins take part: decided from environment variables, before any of them is imported.

Environment variables, because child processes (ranks, seeds, launched jobs) inherit them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from genelab.plugins.candidates import Candidate
from genelab.utils.names import normalize

ALLOW = "GENELAB_PLUGINS"
DISABLE = "GENELAB_DISABLE_PLUGINS"
EXTRA = "GENELAB_EXTRA_PLUGINS"
STRICT = "GENELAB_STRICT_PLUGINS"
PINNED = "GENELAB_PLUGIN_SET"


@dataclass(frozen=True)
class Selection:
    """The user's choice of plugins.

    Attributes:
        allow: Only these entry-point or distribution names (and the core); `None` for all.
        disable: None of these.
        extra: Modules or files of plugins that are not installed; they need not be in `allow`.
        strict: Any problem with any plugin is fatal.
        pinned: `name==version` of the plugins that the parent process loaded; `None` if there is no parent.
    """

    allow: tuple[str, ...] | None = None
    disable: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    strict: bool = False
    pinned: tuple[str, ...] | None = None

    @classmethod
    def from_environment(cls) -> Selection:
        """Read the selection from `GENELAB_PLUGINS`, `GENELAB_DISABLE_PLUGINS` and so on; empty counts as not set."""
        allow, pinned = _words(ALLOW), _words(PINNED)
        return cls(
            allow=allow or None,
            disable=_words(DISABLE),
            extra=tuple(item for item in os.environ.get(EXTRA, "").split(os.pathsep) if item),
            strict=os.environ.get(STRICT, "") not in ("", "0"),
            pinned=pinned or None,
        )

    def refusal(self, candidate: Candidate) -> str | None:
        """Return why this candidate is left out, or `None` if it takes part."""
        if _named(candidate, self.disable):
            return f"named by {DISABLE}"
        if self.allow is not None and not candidate.always_allowed and not _named(candidate, self.allow):
            return f"not named by {ALLOW}"
        return None

    def unknown(self, candidates: Iterable[Candidate]) -> list[tuple[str, str]]:
        """Return (variable, name) for each name of the allow and disable lists that no candidate has."""
        known = {normalize(name) for candidate in candidates for name in (candidate.name, candidate.distribution)}
        lists = ((ALLOW, self.allow or ()), (DISABLE, self.disable))
        return [(variable, name) for variable, names in lists for name in names if normalize(name) not in known]


def add_extra_plugins(plugins: Iterable[str]) -> None:
    """Add modules or files to `GENELAB_EXTRA_PLUGINS`; files become absolute, as children may run elsewhere."""
    present = [item for item in os.environ.get(EXTRA, "").split(os.pathsep) if item]
    for plugin in plugins:
        item = str(Path(plugin).resolve()) if plugin.endswith(".py") else plugin
        if item not in present:
            present.append(item)
    os.environ[EXTRA] = os.pathsep.join(present)


def _words(variable: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in os.environ.get(variable, "").split(",") if word.strip())


def _named(candidate: Candidate, names: Iterable[str]) -> bool:
    wanted = {normalize(name) for name in names}
    return normalize(candidate.name) in wanted or normalize(candidate.distribution) in wanted
