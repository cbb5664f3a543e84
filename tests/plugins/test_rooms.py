"""Rooms of the core are plugins like a stranger's: take one away, and everything else goes on."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from sample_packs import genelab, install
from wheel_installation import Installation

ROOMS = {
    point.name: point.module.split(".")[1]
    for point in entry_points(group="genelab")
    if point.module.startswith("genelab.") and point.name != "core"
}
TASK = "GeneLab-Inverted-Pendulum-v0"

EVERYTHING_ELSE = """
import importlib, pkgutil
from click.testing import CliRunner
import genelab
from genelab.cli import root
from genelab.plugins.catalog import discovered

for module in pkgutil.walk_packages(genelab.__path__, "genelab."):
    if "task_pack_template" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for spec in discovered().own_commands:
    done = CliRunner().invoke(root, [spec.name, "--help"])
    assert done.exit_code == 0, (spec.name, done.output)
print(*(spec.name for spec in discovered().own_commands))
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory, our_wheels):
    made = Installation(tmp_path_factory.mktemp("rooms"), our_wheels)
    made.install("genelab-core", "genelab-backend-rslrl", "genelab-tasks-locomotion")
    return made


@pytest.fixture(scope="module")
def package(installation) -> Path:
    return next((installation.folder / "venv").glob("lib/python*/site-packages/genelab"))


@pytest.mark.parametrize("name", ROOMS)
def test_everything_else_works_without_the_room(installation, package, name):
    before = json.loads(installation.genelab("plugins", "--json"))
    commands = {item["name"]: item["plugin"] for item in json.loads(installation.genelab("list", "--json"))["commands"]}
    hidden = installation.folder / "hidden"
    (package / ROOMS[name]).rename(hidden)
    try:
        after = json.loads(installation.genelab("plugins", "--json"))
        assert [plugin["name"] for plugin in after] == [item["name"] for item in before if item["name"] != name]
        assert all(plugin["status"] == "ok" for plugin in after)
        left = installation.run("-c", EVERYTHING_ELSE).split()
        assert set(left) == {command for command, plugin in commands.items() if plugin in ("core", *ROOMS)} - {
            command for command, plugin in commands.items() if plugin == name
        }
        assert name in installation.tried(installation.command, "no-such-command").stderr
    finally:
        hidden.rename(package / ROOMS[name])


@pytest.mark.genesis
def test_the_kernel_alone_trains_evaluates_and_exports(installation, package):
    hidden = installation.folder / "all-hidden"
    hidden.mkdir()
    for folder in ROOMS.values():
        (package / folder).rename(hidden / folder)
    try:
        small = ("--num-envs", "16", "--max-iterations", "2", "--log-dir", "run")
        installation.genelab("train", TASK, *small)
        installation.genelab("eval", TASK, "run", "--episodes", "2", "--out", "eval.json")
        installation.genelab("export", TASK, "run", "--format", "torchscript", "--out", "policy.ts")
        installation.genelab("play", TASK, "--checkpoint", "run", "--headless", "--steps", "3")
        assert len(json.loads((installation.folder / "eval.json").read_text())["episodes"]) == 2
    finally:
        for folder in ROOMS.values():
            (hidden / folder).rename(package / folder)


def test_nobody_takes_the_name_of_a_rooms_command(tmp_path):
    source = (
        "from genelab.api import CommandSpec, hookimpl\nGENELAB_API = '1'\n\n"
        "@hookimpl\ndef genelab_commands():\n    return [CommandSpec(name='report', command='thief:command')]\n"
    )
    install(tmp_path, "thief", source)
    plugins = {item["name"]: item for item in json.loads(genelab("plugins", "--json", site=tmp_path).stdout)}
    assert plugins["thief"]["status"] == "error"
    assert "'report' is a command of GeneLab itself" in plugins["thief"]["problem"]


def test_a_disabled_room_is_named_where_its_command_is_missed():
    done = genelab("report", GENELAB_DISABLE_PLUGINS="reports")
    assert done.returncode == 2
    assert "disabled plugins: reports" in done.stderr
