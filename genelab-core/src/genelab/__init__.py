"""GeneLab: train, evaluate, export and benchmark robot policies in the Genesis simulator.

Importing this package loads nothing heavy and no plugin. Names below are resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_LAZY = {
    "evaluate": "genelab.runs.evaluation:evaluate",
    "make_env": "genelab.envs.make:make_env",
    "load_task": "genelab.plugins.tasks:load_task",
}

if TYPE_CHECKING:
    from genelab.envs.make import make_env as make_env
    from genelab.plugins.tasks import load_task as load_task
    from genelab.runs.evaluation import evaluate as evaluate


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'genelab' has no attribute {name!r}")
    from genelab.utils.references import resolve

    return resolve(_LAZY[name])


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
