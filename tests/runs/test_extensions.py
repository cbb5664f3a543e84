"""Run extensions: what a plugin adds to `train` and `play`, and that a broken one costs only itself."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner, Result

from genelab.api import RunExtensionSpec
from genelab.cli.play import command as play
from genelab.cli.train import command as train
from genelab.plugins.checks import check_plugins
from genelab.plugins.selection import Selection
from genelab.runs.extensions import RunExtension
from genelab.runs.plan import TrainRequest
from genelab.runs.training import train as train_from_python
from genelab.sim.viewer import ViewerClosed
from genelab.testing import in_memory_plugin, plugin_sandbox
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Counter-v0"
SAMPLE = Path(__file__).with_name("sample_runs.py")


class Diary(RunExtension):
    """Writes down what it hears, and fails where a test says so."""

    always = False
    fails_at = ""
    name = "--diary"
    entries: ClassVar[list[str]] = []

    def options(self):
        self.pass_through("options")
        return [click.Option([self.name], metavar="WORD", help="Keep a diary.")]

    def configure(self, values):
        self.pass_through("configure")
        if values["diary"] == "refuse":
            raise UsageError("this diary is full")
        return self.always or values["diary"] is not None

    @contextmanager
    def around(self, loop):
        self.pass_through("enter")
        self.entries.append(f"{loop.command} {loop.task_id} in {loop.folder}, policy {loop.policy is not None}")
        try:
            yield
        finally:
            self.entries.append("end")
            self.pass_through("leave")

    def after_step(self, step, env_steps, scalars):
        self.pass_through("step")
        self.entries.append(f"{step} {env_steps} {sorted(scalars)}")
        if self.loop.command == "play" and step == 2:
            raise ViewerClosed

    def pass_through(self, place):
        if self.fails_at == place:
            raise RuntimeError(f"no ink at {place}")


@pytest.fixture
def diary(workspace, monkeypatch):
    """Install the extension; returns its class."""
    monkeypatch.setattr(Diary, "entries", [])
    spec = RunExtensionSpec(name="diary", extension=f"{__name__}:Diary")
    with plugin_sandbox(SAMPLE, in_memory_plugin("lab", [spec])):
        yield Diary


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, [TASK, *arguments], catch_exceptions=False, standalone_mode=False)


def test_an_extension_gets_the_loop_and_each_step_of_a_training(diary):
    run(train, "--diary", "x", "--log-dir", "run", "--max-iterations", "2")
    assert diary.entries == [
        f"train {TASK} in run, policy False",
        "1 8 ['return_mean']",
        "2 16 ['return_mean']",
        "end",
    ]


def test_an_extension_gets_the_policy_of_play_and_may_end_it(diary):
    done = run(play, "--headless", "--diary", "x", "--num-envs", "3")
    assert diary.entries == [f"play {TASK} in logs, policy True", "1 3 []", "2 6 []", "end"]
    assert "2 steps (viewer closed)" in done.output


def test_an_extension_takes_part_as_it_decides_also_in_a_training_started_from_python(diary, monkeypatch):
    run(train, "--log-dir", "run")
    assert diary.entries == []
    monkeypatch.setattr(diary, "always", True)
    train_from_python(TrainRequest(task_id=TASK))
    assert diary.entries[-1] == "end"


def test_the_options_of_an_extension_are_in_the_help(diary):
    assert "--diary WORD" in CliRunner().invoke(train, ["--help"]).output
    assert "--prof-wait" in CliRunner().invoke(play, ["--help"]).output


def test_what_an_extension_refuses_ends_the_command_before_anything_starts(diary, fake_envs):
    with pytest.raises(UsageError, match="this diary is full"):
        run(train, "--diary", "refuse")
    assert fake_envs == []


@pytest.mark.parametrize("place", ["options", "configure", "enter", "step", "leave"])
def test_an_extension_that_fails_is_left_out_unless_its_option_was_given(diary, monkeypatch, place):
    monkeypatch.setattr(diary, "always", True)
    monkeypatch.setattr(diary, "fails_at", place)
    what = f"plugin lab: run extension diary failed: RuntimeError: no ink at {place}"
    done = run(train, "--log-dir", "run")
    assert done.stderr.replace("\n", "").count(f"warning: {what}; train goes on without it") == 1
    assert "model_4.count" in done.stdout
    if place != "options":
        with pytest.raises(GenelabError, match=what):
            run(train, "--diary", "x")


@pytest.mark.parametrize("reference", ["no_such_module:Diary", f"{__name__}:Nothing"])
def test_an_extension_that_cannot_be_imported_is_left_out_but_not_in_strict_mode(workspace, reference):
    lab = in_memory_plugin("lab", [RunExtensionSpec(name="ghost", extension=reference, commands=("play",))])
    with plugin_sandbox(SAMPLE, lab) as catalog:
        assert "run extension ghost failed" in run(play, "--headless", "--max-steps", "1").stderr
        assert "ghost" not in run(train, "--log-dir", "run").stderr
        assert [finding.plugin for finding in check_plugins(catalog) if finding.severity == "error"] == ["lab"]
    with (
        plugin_sandbox(SAMPLE, lab, selection=Selection(strict=True)),
        pytest.raises(GenelabError, match="run extension ghost failed"),
    ):
        run(play, "--headless")


@pytest.mark.parametrize("name", ["--steps", "--prof"])
def test_an_option_that_is_taken_leaves_its_extension_out(diary, monkeypatch, name):
    monkeypatch.setattr(diary, "name", name)
    assert f"{name}, {name[2:]} is taken already" in run(play, "--headless", "--max-steps", "1").stderr


def test_an_extension_can_take_the_place_of_another_on_purpose(workspace):
    spec = RunExtensionSpec(name="better", extension=f"{__name__}:Diary", overrides=("prof",))
    with plugin_sandbox(SAMPLE, in_memory_plugin("lab", [spec])):
        shown = CliRunner().invoke(train, ["--help"]).output
    assert "--diary" in shown and "--prof" not in shown


def test_an_option_of_a_room_that_is_switched_off_says_what_is_missing(workspace):
    with (
        plugin_sandbox(SAMPLE, selection=Selection(disable=("profiling",))),
        pytest.raises(click.NoSuchOption, match=r"'--prof'.*disabled plugins: profiling"),
    ):
        run(train, "--prof")


@pytest.mark.parametrize("commands", [(), ("eval",)])
def test_an_extension_of_no_loop_is_refused(commands):
    with pytest.raises(ValueError, match="'train' and 'play'"):
        RunExtensionSpec(name="x", extension="a:B", commands=commands)
