"""Where plugins come from: entry points of installed distributions, `--plugin` modules and files."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from genelab.api import PROJECT

CORE = "genelab.plugins.builtin"
"""The kernel's own records. Other plugins of the package `genelab` are rooms, which the kernel works without."""

_PACKAGE = Path(__file__).resolve().parents[1]
_API_LINE = re.compile(r"""^GENELAB_API(?:\s*:\s*\w+)?\s*=\s*["']([^"']*)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Candidate:
    """A plugin that has been found but not imported.

    Attributes:
        name: Entry-point name; the module's name for one that is not installed.
        distribution: Distribution that brings it; qualifies ids (`distribution::id`).
        version: Version of the distribution, `None` when there is none.
        module: Dotted name of the plugin module.
        file: The file given to `--plugin`, if it was one.
        instance: An object with hook implementations that takes the module's place (tests).
        always_allowed: Takes part though an allow list does not name it: the core and its rooms, and what `--plugin`
            names.
    """

    name: str
    distribution: str
    version: str | None
    module: str
    file: Path | None = None
    instance: Any = None
    always_allowed: bool = False

    @property
    def package(self) -> str:
        """Top-level package that the plugin's code lives in."""
        return self.module.partition(".")[0]

    @property
    def own(self) -> bool:
        """Whether it is GeneLab's: the core or one of its rooms."""
        return self.package == PROJECT

    @property
    def label(self) -> str:
        return f"{self.name}=={self.version}" if self.version else self.name

    def declared_api(self) -> str | None:
        """Return the `GENELAB_API` written in the module's source, without importing anything.

        `None` if there is no source to read or no such line in it; the imported module has the last word.
        """
        if self.instance is not None:
            return getattr(self.instance, "GENELAB_API", None)
        source = self.file or _source_of(self.module)
        if source is None or not source.is_file():
            return None
        found = _API_LINE.search(source.read_text(encoding="utf-8", errors="replace"))
        return found.group(1) if found else None

    def load(self) -> Any:
        """Import the module and return it; whatever its code raises, including `SystemExit`, comes through."""
        if self.instance is not None:
            return self.instance
        if self.file is not None:
            return _import_file(self.module, self.file)
        return importlib.import_module(self.module)


def installed_candidates() -> list[Candidate]:
    """Return one candidate for each entry point of the group `genelab`: the core, its rooms, then all others by name.

    A room whose folder was left out of the installation is passed over (`rooms_left_out`).
    """
    found: list[Candidate] = []
    for point in entry_points(group=PROJECT):
        if _is_left_out(point.module):
            continue
        assert point.dist is not None, point  # one that importlib.metadata finds comes from a distribution
        found.append(
            Candidate(
                name=point.name,
                distribution=point.dist.metadata["Name"],
                version=point.dist.metadata["Version"],
                module=point.module,
                always_allowed=point.module.partition(".")[0] == PROJECT,
            )
        )
    return sorted(found, key=lambda item: (item.module != CORE, not item.own, item.distribution, item.name))


def rooms_left_out() -> list[str]:
    """Return the names of the core's rooms whose folder is not part of this installation."""
    return sorted(point.name for point in entry_points(group=PROJECT) if _is_left_out(point.module))


def _is_left_out(module: str) -> bool:
    package, _, inside = module.partition(".")
    return package == PROJECT and not (_PACKAGE / inside.replace(".", "/")).parent.is_dir()


def extra_candidates(extra: Iterable[str]) -> list[Candidate]:
    """Return candidates for modules (`package.module`) and files (`path/file.py`) that are not installed."""
    found: list[Candidate] = []
    for item in extra:
        file = Path(item) if item.endswith(".py") else None
        module = file.stem if file else item
        found.append(Candidate(module, module, None, module, file, always_allowed=True))
    return found


def _source_of(module: str) -> Path | None:
    """Return the source file of a module without importing it or its parents."""
    spec: ModuleSpec | None = None
    path: Any = None
    parts = module.split(".")
    for depth in range(len(parts)):
        name = ".".join(parts[: depth + 1])
        specs = (finder.find_spec(name, path) for finder in sys.meta_path if hasattr(finder, "find_spec"))
        spec = next((found for found in specs if found is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None


def _import_file(name: str, file: Path) -> Any:
    """Import a file as a top-level module, so that references like `"file:name"` find it again.

    Its folder goes to the end of `sys.path`: modules beside it can be referred to, and hide nothing.
    """
    if not file.is_file():
        raise FileNotFoundError(f"no such file: {file}")
    present = sys.modules.get(name)
    if present is not None and getattr(present, "__file__", None) == str(file):
        return present
    if present is not None or _source_of(name) not in (None, file):
        raise ImportError(f"a module named {name!r} exists already; rename {file.name}")
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None, file
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
