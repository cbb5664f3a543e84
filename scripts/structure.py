#!/usr/bin/env python3
"""Measure how the code is laid out: folders, import circles, near-namesakes, untyped environments, lines.

    scripts/structure.py            # the table, each figure beside its aim
    scripts/structure.py --circles  # also the modules of each circle
    scripts/structure.py --check    # exit 1 if an aim is missed

Needs only the standard library: the sources are read, not imported. `tests/architecture/test_structure.py` runs it.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(ROOT.glob("genelab-*/src/genelab*"))
CORE = ROOT / "genelab-core" / "src" / "genelab"
OPTIONAL_ROOMS = (
    "benchmark",
    "demos",
    "doctor",
    "launchers",
    "loggers",
    "profiling",
    "reports",
    "scaffold",
    "sim2sim",
    "terrain_pictures",
    "testing",
)
"""Rooms of the core that the rest works without: plugins of their own, and the testing kit."""


ENDINGS = ("s", "es", "ed", "er", "or", "ing")
"""Of words that name the same thing as their stem."""


@dataclass(frozen=True)
class Module:
    """A source file: its dotted name, path and parsed text."""

    name: str
    path: Path
    tree: ast.Module


def main() -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circles", action="store_true", help="list the modules of each import circle")
    parser.add_argument("--check", action="store_true", help="exit 1 if an aim is missed")
    options = parser.parse_args()
    modules = list(read_modules(SOURCES))
    core = [module for module in modules if module.path.is_relative_to(CORE)]
    circles = import_circles(core)
    fullest, files = fullest_folder(core)
    pairs = namesakes(core)
    rows = [
        (f"files directly in one folder of the core, cli/ aside ({fullest})", files, 20),
        ("import circles in the core, type-checking and local imports included", len(circles), 0),
        ("near-namesake pairs", len(pairs), 0),
        ("`env: Any`", occurrences(modules, r"\benv: Any\b"), 9),
        ("pyright ignores", occurrences(modules, r"# pyright: ignore"), 19),
        ("copies of the run protocol in backends", protocol_copies(modules), 0),
        ("lines of the core", lines(core), 27_000),
        ("lines of the kernel", lines([module for module in core if not is_optional(module)]), 18_000),
    ]
    width = max(len(label) for label, _, _ in rows)
    missed = False
    for label, value, aim in rows:
        missed |= value > aim
        print(f"{label:<{width}}  {value:>7,}  aim <= {aim:,}{'' if value <= aim else '  MISSED'}")
    for first, second in pairs:
        print(f"near-namesakes: {first} ~ {second}")
    if options.circles:
        for circle in circles:
            print(f"circle: {', '.join(circle)}")
    return int(options.check and missed)


def read_modules(folders: list[Path]) -> Iterator[Module]:
    """Yield the modules below the packages `folders`."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield Module(name, path, ast.parse(path.read_text(encoding="utf-8")))


def imported_modules(module: Module, known: set[str]) -> set[str]:
    """Return those of `known` that `module` names in any import: at the top, in a function, for type checking only."""
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & known) or {node.module}
            if not inner <= known:
                found.add(node.module)
    return (found & known) - {module.name}


def import_circles(modules: list[Module]) -> list[list[str]]:
    """Return the strongly connected components of the import graph with more than one module (Tarjan)."""
    known = {module.name for module in modules}
    graph = {module.name: sorted(imported_modules(module, known)) for module in modules}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            component = []
            while not component or component[-1] != name:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10_000)
    for name in graph:
        if name not in index:
            visit(name)
    return sorted(found)


def fullest_folder(modules: list[Module]) -> tuple[str, int]:
    """Return the folder with the most Python files, `cli/` and package markers aside, and how many it holds."""
    counts: dict[str, int] = defaultdict(int)
    for module in modules:
        folder = module.path.parent.relative_to(CORE).as_posix()
        if folder != "cli" and module.path.name != "__init__.py":
            counts[folder] += 1
    return max(counts.items(), key=lambda item: item[1])


def namesakes(modules: list[Module]) -> list[tuple[str, str]]:
    """Return pairs of files of one folder whose names differ by an ending only: one idea in two files, as a rule.

    `goal_command` and `goal_commands`, `curve` and `curves`, `profile` and `profiling`. A leading word is no ending:
    `feet_rewards` beside `rewards` names a part of the whole, and each holds functions of its own. The commands of
    `cli/` are not looked at.
    """
    folders: dict[Path, set[str]] = defaultdict(set)
    for module in modules:
        folders[module.path.parent.relative_to(CORE)].add(module.path.stem)
    return [
        ((folder / stem).as_posix(), (folder / stem).with_name(other).as_posix())
        for folder, stems in sorted(folders.items())
        if folder.name != "cli"
        for stem in sorted(stems)
        for other in sorted({base + end for base in (stem, stem.removesuffix("e")) for end in ENDINGS} & stems - {stem})
    ]


def occurrences(modules: list[Module], pattern: str) -> int:
    """Return how often `pattern` stands in the sources."""
    return sum(len(re.findall(pattern, module.path.read_text(encoding="utf-8"))) for module in modules)


def protocol_copies(modules: list[Module]) -> int:
    """Return how many backends' modules write a sidecar and notify observers themselves."""
    backends = [module for module in modules if module.name.startswith("genelab_backend_")]
    return sum('"checkpoint_saved"' in module.path.read_text(encoding="utf-8") for module in backends)


def lines(modules: list[Module]) -> int:
    """Return the lines of the files, blank ones and comments included."""
    return sum(len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules)


def is_optional(module: Module) -> bool:
    """Return whether `module` belongs to a room that the rest works without."""
    place = module.path.relative_to(CORE).as_posix()
    return any(place.startswith(f"{room}/") for room in OPTIONAL_ROOMS)


if __name__ == "__main__":
    sys.exit(main())
