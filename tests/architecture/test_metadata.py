"""Metadata of the distributions: ranges for users, exact versions only for what is tested together."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("genelab-*/pyproject.toml"))]


def project(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def requirements(path: Path) -> list[Requirement]:
    data = project(path)
    texts = [
        *data["dependencies"],
        *(text for extra in data.get("optional-dependencies", {}).values() for text in extra),
    ]
    return [Requirement(text) for text in texts]


def test_all_distributions_are_here() -> None:
    assert {project(path)["name"] for path in PROJECTS} == {
        "genelab",
        "genelab-core",
        "genelab-backend-rslrl",
        "genelab-backend-skrl",
        "genelab-backend-sb3",
        "genelab-tasks-locomotion",
        "genelab-tasks-manipulation",
    }


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_dependencies_are_ranges(path: Path) -> None:
    for requirement in requirements(path):
        if requirement.name == project(path)["name"]:
            continue
        operators = {specifier.operator for specifier in requirement.specifier}
        assert not operators & {"==", "==="}, f"{requirement} is pinned: pins belong in constraints.txt"
        assert ">=" in operators, f"{requirement} has no lower bound"


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_all_distributions_have_the_same_version_and_license(path: Path) -> None:
    core = project(ROOT / "genelab-core" / "pyproject.toml")
    assert (project(path)["version"], project(path)["license"]) == (core["version"], "Apache-2.0")


def test_the_tested_versions_satisfy_the_ranges() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {pin.name: pin for pin in map(Requirement, (line for line in lines if line and not line.startswith("#")))}
    assert next(iter(pins)) == "torch", "torch is installed first"
    for path in PROJECTS:
        for requirement in requirements(path):
            if requirement.name in pins:
                version = next(iter(pins[requirement.name].specifier)).version
                assert requirement.specifier.contains(version), f"{pins[requirement.name]} is outside {requirement}"


@pytest.mark.parametrize("path", PROJECTS[1:], ids=lambda path: path.parent.name)
def test_every_entry_point_names_a_plugin_module(path: Path) -> None:
    entry_points = project(path)["entry-points"]["genelab"]
    assert entry_points
    for module in entry_points.values():
        assert (path.parent / "src" / (module.replace(".", "/") + ".py")).is_file(), module
