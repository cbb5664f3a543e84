"""Objects by reference: `"package.module:name"`, imported only when resolved."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from genelab.utils.errors import GenelabError

_REFERENCE = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")


def is_reference(value: object) -> bool:
    """Return whether `value` is a string of the form `package.module:name`."""
    return isinstance(value, str) and _REFERENCE.match(value) is not None


def current(reference: str) -> str:
    """Return the reference under which the object is found today.

    Files outlive modules. A package that moves a module, or renames an object, names the old reference and the new one
    in the dict `MOVED` of its top-level package: `{"pack.old_module": "pack.new_module"}` for a whole module,
    `{"pack.module:Old": "pack.module:New"}` for one object. Nothing is known of a package that is not installed.
    """
    module, _, name = reference.partition(":")
    try:
        moved = getattr(importlib.import_module(module.partition(".")[0]), "MOVED", {})
    except ModuleNotFoundError:
        return reference
    return moved.get(reference) or f"{moved.get(module, module)}:{name}"


def first_name(reference: str) -> str:
    """Return the oldest reference of an imported object, which stays the same when it moves: for hashes of configs."""
    module, _, name = reference.partition(":")
    moved = getattr(sys.modules.get(module.partition(".")[0]), "MOVED", {})
    original = {new: old for old, new in moved.items()}
    return original.get(reference) or f"{original.get(module, module)}:{name}"


def resolve(reference: str) -> Any:
    """Import the module of `reference` and return the object it names, wherever it has moved since.

    Raises:
        GenelabError: if the string is malformed or the module has no such name.
        ImportError: if the module (or something it needs) cannot be imported.
    """
    if not is_reference(reference):
        raise GenelabError(f"{reference!r} is not a reference", fix="write 'package.module:name'")
    module_name, _, path = current(reference).partition(":")
    target: Any = importlib.import_module(module_name)
    for part in path.split("."):
        try:
            target = getattr(target, part)
        except AttributeError:
            raise GenelabError(f"module {module_name!r} has no {path!r}", where=reference) from None
    return target


class MovedModules(MetaPathFinder, Loader):
    """Lets code written for an older version import modules that have moved, by the table `MOVED` of their package.

    Python asks it last, for names that it does not find. The module that it makes holds nothing: each name is looked up
    where it is now.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        moved = getattr(sys.modules.get(fullname.partition(".")[0]), "MOVED", {})
        inside = (f"{fullname}:", f"{fullname}.")
        known = any(old == fullname or old.startswith(inside) for old in moved)
        return ModuleSpec(fullname, self, is_package=True) if known else None

    def exec_module(self, module: ModuleType) -> None:
        def find(name: str) -> Any:
            old = f"{module.__name__}:{name}"
            new = old if name.startswith("__") else current(old)
            try:
                if new != old:
                    return resolve(new)
            except (GenelabError, ModuleNotFoundError):
                pass
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__getattr__ = find  # pyright: ignore[reportAttributeAccessIssue]


def reference_of(target: Any) -> str:
    """Return the reference that `resolve` turns back into `target`.

    Raises:
        GenelabError: for lambdas, local functions and instances, which have no importable name.
    """
    module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    reference = f"{module}:{name}"
    if module is None or name is None or not is_reference(reference) or module == "__main__":
        raise GenelabError(
            f"{target!r} cannot be written to JSON",
            fix="use a function or class defined at the top level of an importable module",
        )
    return reference
