"""The error for a name that nobody provides: near matches, suspects, and the pip command where one is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genelab.api import TaskSpec
from genelab.plugins.status import PluginStatus
from genelab.utils.errors import UsageError
from genelab.utils.names import normalize, unknown_name


def not_found(
    kind: str, name: str, known: Iterable[str], absent: Sequence[str], tasks: Iterable[TaskSpec]
) -> UsageError:
    """Build the error for `name`; `absent` are the hints of `absentees`.

    A backend that an installed task has an agent for is not a typing error: its distribution is missing.
    """
    hints: list[str] = []
    wanted_by = [task.id for task in tasks if kind == "backend" and normalize(name) in map(normalize, task.agents)]
    if wanted_by:
        hints.append(f"{install_hint(name)} ({wanted_by[0]} has an agent for it)")
    else:
        hints.append(str(unknown_name(kind, name, known).fix))
    what = f"backend {name!r} is not installed" if wanted_by else f"unknown {kind} {name!r}"
    return UsageError(what, fix="; ".join([*hints, *absent]))


def absentees(plugins: Sequence[PluginStatus], left_out: Sequence[str]) -> list[str]:
    """Return hints at what may have provided a name and is not there.

    Args:
        plugins: All plugins; those that failed or are disabled count.
        left_out: The core's rooms that this installation lacks.
    """
    hints: list[str] = []
    failed = [plugin.name for plugin in plugins if plugin.status in ("error", "incompatible")]
    if failed:
        hints.append(f"plugins that failed and may have provided it: {', '.join(failed)} (genelab plugins doctor)")
    disabled = [plugin.name for plugin in plugins if plugin.status == "disabled"]
    if disabled:
        hints.append(f"disabled plugins: {', '.join(disabled)}")
    if left_out:
        hints.append(f"parts of genelab-core that this installation lacks: {', '.join(left_out)}")
    return hints


def install_hint(backend: str) -> str:
    """Return the pip commands that bring a backend which follows the naming rule of backend distributions."""
    key = normalize(backend)
    return f"pip install 'genelab[{key}]' or pip install genelab-backend-{key}"
