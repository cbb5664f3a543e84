"""A config field that nothing reads is a defect: somebody would set it and wait for an effect.

A field counts as read where `something.field` stands in a file that knows its class: one that names the class, or one
that reads an attribute that holds such a config (`cfg.simulation.gpu`). The checks of its own `__post_init__` do not
count. A config that goes to a library as a whole is held against the parameters of what it is handed to.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from genelab.utils.references import resolve

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = "rsl_rl.modules.distribution:"
HANDED_ON = {
    "RslRlPpoAlgorithmCfg": "rsl_rl.algorithms.ppo:PPO",
    "RslRlSymmetryCfg": "rsl_rl.extensions.symmetry:Symmetry",
    "RslRlGaussianCfg": f"{DISTRIBUTIONS}GaussianDistribution",
    "RslRlHeteroscedasticGaussianCfg": f"{DISTRIBUTIONS}HeteroscedasticGaussianDistribution",
    "RslRlBetaCfg": f"{DISTRIBUTIONS}BetaDistribution",
    "UniformNoise": "genelab.config.noise:UniformNoise.sample",
    "GaussianNoise": "genelab.config.noise:GaussianNoise.sample",
}
"""Configs whose fields become keyword arguments, and of what."""
READ_OTHERWISE = {(name, "class_name"): "rsl_rl takes the class of the distribution from it" for name in HANDED_ON}


@dataclass(frozen=True)
class ConfigClass:
    """A `@configclass`: where it stands, the names of its bases, and its fields with the names in their types."""

    path: Path
    bases: frozenset[str]
    fields: dict[str, set[str]]


@dataclass(frozen=True)
class Module:
    """What a file says: its config classes, names, attributes that it reads, and class-level declarations."""

    configs: dict[str, ConfigClass]
    names: set[str]
    reads: set[str]
    declared: list[tuple[str, set[str]]]


def names_in(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def is_config(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(item) == "configclass" for item in node.decorator_list)


def declarations(node: ast.ClassDef) -> dict[str, set[str]]:
    """Return the fields of a class with the names in their types."""
    lines = [item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
    return {
        line.target.id: names_in(line.annotation)  # pyright: ignore[reportAttributeAccessIssue]
        for line in lines
        if "ClassVar" not in ast.unparse(line.annotation)
    }


def read_module(path: Path, source: str) -> Module:
    nodes = list(ast.walk(ast.parse(source)))
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    checks = [
        item
        for node in classes
        if is_config(node)
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == "__post_init__"
    ]
    ignored = {id(node) for check in checks for node in ast.walk(check)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    imported = {node.name for node in nodes if isinstance(node, ast.alias)}
    return Module(
        configs={
            node.name: ConfigClass(path, frozenset().union(*map(names_in, node.bases)), declarations(node))
            for node in classes
            if is_config(node)
        },
        names=imported | {node.id for node in nodes if isinstance(node, ast.Name)} | {node.attr for node in attributes},
        reads={node.attr for node in attributes if isinstance(node.ctx, ast.Load) and id(node) not in ignored},
        declared=[pair for node in classes for pair in declarations(node).items()],
    )


@cache
def modules() -> dict[Path, Module]:
    paths = [path for path in ROOT.glob("genelab-*/src/**/*.py") if "task_pack_template" not in path.parts]
    return {path: read_module(path, path.read_text(encoding="utf-8")) for path in sorted(paths)}


@cache
def config_classes() -> dict[str, ConfigClass]:
    return {name: config for module in modules().values() for name, config in module.configs.items()}


@cache
def ancestors(name: str) -> set[str]:
    known = config_classes()
    direct = known[name].bases & known.keys()
    return set(direct).union(*map(ancestors, direct))


def unread(name: str, changed: dict[Path, Module] | None = None) -> list[str]:
    """Return the fields of a class that nothing reads, when some files are as `changed` says."""
    files = {**modules(), **(changed or {})}
    config = files[config_classes()[name].path].configs[name]
    if name in HANDED_ON:
        taken = inspect.signature(resolve(HANDED_ON[name])).parameters
        return [field for field in config.fields if field not in taken and (name, field) not in READ_OTHERWISE]
    related = {name, *ancestors(name), *(other for other in config_classes() if name in ancestors(other))}
    holders = {field for file in files.values() for field, types in file.declared if types & related}
    read = set().union(
        *(file.reads for file in files.values() if not related.isdisjoint(file.names) or file.reads & holders)
    )
    return [field for field in config.fields if field not in read]


def planted(name: str, field: str, check: str = "") -> list[str]:
    """Return what is unread after a field is added to the source of a class, and perhaps a check of it."""
    path = config_classes()[name].path
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (node,) = [node for node in ast.walk(tree) if is_config(node) and node.name == name]  # pyright: ignore[reportAttributeAccessIssue]
    node.body += ast.parse(f"{field}: int = 0\n{check}").body  # pyright: ignore[reportAttributeAccessIssue]
    return unread(name, {path: read_module(path, ast.unparse(tree))})


def test_every_config_field_is_read_by_what_knows_its_class() -> None:
    assert len(config_classes()) > 70 and set(HANDED_ON) < set(config_classes())
    dead = [f"{name}.{field}" for name in config_classes() for field in unread(name)]
    assert dead == [], "nothing reads these: delete them or use them"


def test_a_field_that_is_added_to_any_config_and_read_nowhere_is_found() -> None:
    assert {name: planted(name, "planted_field") for name in config_classes()} == {
        name: ["planted_field"] for name in config_classes()
    }


@pytest.mark.parametrize(
    "name", ["RewardTermCfg", "UniformCommandCfg", "Sb3PolicyCfg", "SkrlModelsCfg", "RslRlModelCfg"]
)
def test_a_read_of_another_configs_field_of_that_name_does_not_count(name: str) -> None:
    assert "ls_iterations" in set().union(*(file.reads for file in modules().values()))
    assert planted(name, "ls_iterations") == ["ls_iterations"]


def test_a_field_that_only_its_own_check_reads_is_found() -> None:
    check = "def __post_init__(self):\n    if self.planted_field < 0: raise ValueError"
    assert planted("UniformCommandCfg", "planted_field", check) == ["planted_field"]
