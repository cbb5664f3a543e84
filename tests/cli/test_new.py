"""`genelab new`."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner

from genelab.plugins.tasks import load_task
from genelab.scaffold.command import command
from genelab.testing import plugin_sandbox
from genelab.utils.errors import UsageError


def new(*arguments) -> str:
    return CliRunner().invoke(command, [str(item) for item in arguments], catch_exceptions=False).output


def files(folder) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_names_are_made_from_the_name(tmp_path):
    new("2nd Robot.Lab", "-p", tmp_path)
    pack = tmp_path / "2nd Robot.Lab"
    project = tomllib.loads((pack / "pyproject.toml").read_text())
    assert project["project"]["name"] == "2nd-robot-lab"
    assert project["project"]["entry-points"]["genelab"] == {"2nd-robot-lab": "project_2nd_robot_lab.plugin"}
    assert "Project2ndRobotLab-Example-v0" in (pack / "src/project_2nd_robot_lab/plugin.py").read_text()


def test_the_commands_it_prints_can_be_pasted(tmp_path):
    lines = new("Two Words", "-p", tmp_path).splitlines()
    assert shlex.split(lines[-1]) == ["pytest", str(tmp_path / "Two Words")]
    assert shlex.split(lines[-3]) == ["pip", "install", "-e", f"{tmp_path / 'Two Words'}[train,test]"]


def test_an_installed_pack_may_be_written_anew(tmp_path, monkeypatch):
    new("lab", "--package", "our_arm", "-p", tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "lab" / "src")
    assert "created" in new("lab", "--package", "our_arm", "-p", tmp_path, "--force")
    with pytest.raises(UsageError, match="existing module"):
        new("other", "--package", "our_arm", "-p", tmp_path)


def test_package_and_task_can_be_chosen(tmp_path):
    new("lab", "-p", tmp_path, "--package", "our_arm", "--task-id", "Our-Arm-v3")
    assert "Our-Arm-v3" in (tmp_path / "lab/src/our_arm/plugin.py").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("***",),
        ("a/b",),
        ("..",),
        ("lab", "--package", "not-a-package"),
        ("lab", "--package", "class"),
        ("json",),
        ("genelab",),
        ("numpy",),
        ("lab", "--package", "click"),
        ("Über Roboter",),
        ("lab", "--task-id", "two words"),
        ("lab", "--task-id", ""),
    ],
)
def test_names_that_cannot_work_are_refused_and_nothing_is_written(tmp_path, arguments):
    with pytest.raises(UsageError):
        new(*arguments, "-p", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_not_touched(tmp_path):
    (tmp_path / "lab").write_text("mine")
    for force in ([], ["--force"]):
        with pytest.raises(UsageError, match="is a file"):
            new("lab", "-p", tmp_path, *force)
    assert (tmp_path / "lab").read_text() == "mine"


def test_a_folder_with_content_needs_force_which_leaves_other_files_alone(tmp_path):
    pack = tmp_path / "lab"
    pack.mkdir()
    (pack / "notes.txt").write_text("mine")
    (pack / "README.md").write_text("mine too")
    with pytest.raises(UsageError, match="--force"):
        new("lab", "-p", tmp_path)
    assert files(pack) == {"notes.txt": "mine", "README.md": "mine too"}
    new("lab", "-p", tmp_path, "--force")
    assert files(pack)["notes.txt"] == "mine"
    assert "genelab train" in files(pack)["README.md"]


@pytest.mark.parametrize("obstacle", ["README.md/x", "src"])
def test_a_folder_for_a_file_or_a_file_for_a_folder_is_refused_before_anything_is_written(tmp_path, obstacle):
    target = tmp_path / "lab" / obstacle
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    with pytest.raises(UsageError, match="should be there"):
        new("lab", "-p", tmp_path, "--force")
    assert files(tmp_path / "lab") == {obstacle: "mine"}


@pytest.fixture
def pack(tmp_path, monkeypatch):
    new("sample-lab-pack", "-p", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "sample-lab-pack/src"))
    yield tmp_path / "sample-lab-pack"
    for name in [name for name in sys.modules if name.partition(".")[0] == "sample_lab_pack"]:
        del sys.modules[name]


def test_the_generated_task_loads_with_its_agent(pack):
    with plugin_sandbox("sample_lab_pack.plugin", "genelab_backend_rslrl.plugin"):
        loaded = load_task("SampleLabPack-Example-v0")
    assert loaded.cfg.agent.experiment_name == "sample-lab-pack"
    model = loaded.cfg.env.scene.entities["robot"].mjcf
    assert callable(model)
    assert model().endswith("arm.xml")


def test_the_generated_pack_is_well_formed(pack):
    check = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "120",
        "--select",
        "E,F,I,UP,B",
        str(pack),
    ]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
