"""What is imported on first use: `torch`, `numpy`, and the public names of a package.

Configs hold references to term functions, so the modules that define terms are imported to print help,
list tasks or reject a misspelt override. With `from genelab.utils.lazy import torch` they cost nothing then.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any


class LazyModule:
    """Stands for a module; imports it at the first attribute access and remembers each attribute."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self.__dict__["_name"]), attribute)
        self.__dict__[attribute] = value
        return value

    def __repr__(self) -> str:
        return f"<lazy module {self.__dict__['_name']!r}>"


def lazy_names(package: str, references: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose public names are imported on first use.

        __getattr__, __dir__ = lazy_names(__name__, {"make_env": "genelab.envs.make:make_env"})

    Args:
        package: The package's `__name__`.
        references: Where each name is defined, as `"package.module:name"`.
    """

    def get(name: str) -> Any:
        if name not in references:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from genelab.utils.references import resolve

        return resolve(references[name])

    return get, lambda: [*vars(sys.modules[package]), *references]


if TYPE_CHECKING:
    import numpy
    import torch
else:
    numpy = LazyModule("numpy")
    torch = LazyModule("torch")

__all__ = ["LazyModule", "lazy_names", "numpy", "torch"]
