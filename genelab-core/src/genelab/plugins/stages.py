"""Which tasks are trained one after the other, each beginning with the policy of the one before."""

from __future__ import annotations

from genelab.plugins.catalog import Catalog
from genelab.utils.errors import UsageError


def training_stages(catalog: Catalog, name: str) -> list[str]:
    """Return the names of the tasks to train for the one called `name`, in order; it is the last.

    A task whose `TaskSpec.warm_start` is `None` is the only one.

    Raises:
        UsageError: for an unknown task, naming the one that begins with it, or tasks that begin with one another.
    """
    specs = [catalog.task(name)]
    names = [name if "::" in name else specs[0].id]
    while (wanted := specs[-1].warm_start) is not None:
        where = f"TaskSpec.warm_start, plugin {catalog.owner(specs[-1]).name}"
        try:
            spec = catalog.task(wanted)
        except UsageError as error:
            what = f"{specs[-1].id} begins with the policy of {wanted!r}: {error.what}"
            raise UsageError(what, where=where, fix=error.fix) from error
        if any(spec is other for other in specs):
            circle = " -> ".join([*(other.id for other in specs), spec.id])
            raise UsageError(
                f"the stages of {specs[0].id} go round in a circle: {circle}",
                where=where,
                fix="the first stage begins with nothing: give it no warm_start",
            )
        specs.append(spec)
        names.append(spec.id)
    return names[::-1]
