"""The root of the command line: names, spellings, exit statuses, completion."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from genelab.api import CommandSpec, TaskSpec
from genelab.cli import root
from genelab.console.options.common import split_overrides, task_command
from genelab.testing import in_memory_plugin, plugin_sandbox
from genelab.utils.errors import UsageError

TOY = TaskSpec(
    id="Toy-Arm-v0",
    config="test_command_line:toy_task",
    summary="A toy",
    agents={"faraway": "test_command_line:toy_task"},
)


def toy_task():
    """Describe nothing in particular."""
    from genelab.config import ManagerBasedRlEnvCfg, TaskCfg

    return TaskCfg(env=ManagerBasedRlEnvCfg())


@click.command()
def wait_for_ever():
    click.echo("waiting")
    signal.raise_signal(signal.SIGINT)


@click.command()
def three() -> int:
    return 3


@task_command()
@click.option("--num-envs", type=int, default=1)
def echo(task: str, overrides: list[tuple[str, str]], num_envs: int):
    click.echo(json.dumps([task, overrides, num_envs]))


@pytest.fixture
def catalog():
    commands = [
        CommandSpec(name=name, command=f"test_command_line:{name}") for name in ("echo", "wait_for_ever", "three")
    ]
    with plugin_sandbox(in_memory_plugin("toys", [TOY, *commands])) as made:
        yield made


def run(*arguments: str):
    return CliRunner().invoke(root, list(arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ("Toy", "--num-envs", "4", "--env.decimation", "2"),
        ("--num_envs", "4", "Toy", "--env.decimation=2"),
        ("--env.decimation", "2", "--num-envs=4", "Toy"),
    ],
)
def test_a_task_may_stand_anywhere_and_hyphens_equal_underscores(catalog, arguments):
    assert json.loads(run("echo", *arguments).output) == ["Toy", [["env.decimation", "2"]], 4]


def test_an_override_keeps_a_negative_value():
    assert split_overrides(["--env.x", "-1", "T"]) == (["T"], [("env.x", "-1")])


def test_an_override_without_a_value_is_an_error():
    with pytest.raises(UsageError, match="missing value after"):
        split_overrides(["T", "--env.x"])


def test_a_misspelt_option_names_the_nearest(catalog):
    done = run("echo", "Toy", "--num-env", "3")
    assert done.exit_code == 2
    assert "--num-envs" in done.output


@pytest.mark.parametrize("command", [("train",), ("eval", "Toy", "zero"), ("verify",)])
def test_a_seed_of_more_than_32_bits_is_refused(command):
    done = run(*command, "--seed", str(2**32))
    assert done.exit_code == 2
    assert "not in the range" in done.output


def test_a_second_task_is_refused(catalog):
    assert run("echo", "Toy", "Toy2").exit_code == 2


def test_a_misspelt_command_names_the_nearest(catalog):
    done = run("lits")
    assert done.exit_code == 2
    assert "did you mean list" in done.output


@pytest.mark.parametrize("arguments", [("info", "toy-arm-v1"), ("info", "Toy-Arm-v0", "--env.decimatoin", "2")])
def test_unknown_tasks_and_paths_are_usage_errors_without_traceback(catalog, arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert "Toy-Arm-v0" in done.output or "env.decimation" in done.output


def test_an_agent_override_for_a_missing_backend_names_the_pip_command(catalog):
    done = run("info", "Toy-Arm-v0", "--agent.seed", "2")
    assert done.exit_code == 2
    assert "pip install 'genelab[faraway]'" in done.output


def test_ctrl_c_exits_with_130(catalog):
    assert run("wait_for_ever").exit_code == 130


def test_a_command_may_return_its_status():
    code = (
        "import sys; sys.argv = ['genelab', 'three']\n"
        "from genelab.testing import in_memory_plugin, plugin_sandbox\nfrom genelab.api import CommandSpec\n"
        "from genelab.cli import main\n"
        "spec = CommandSpec(name='three', command='test_command_line:three')\n"
        "with plugin_sandbox(in_memory_plugin('x', [spec])): main()\n"
    )
    folder = os.path.dirname(__file__)  # noqa: PTH120
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": folder}, check=False)
    assert done.returncode == 3


def test_the_landing_page_counts_and_names_a_task(catalog):
    done = run()
    assert done.exit_code == 0
    assert "1 task, 0 backends, 2 export formats" in done.output
    assert "genelab train Toy-Arm-v0" in done.output


def test_list_as_json_is_complete(catalog):
    listed = json.loads(run("list", "--json").output)
    assert [task["name"] for task in listed["tasks"]] == ["Toy-Arm-v0"]
    assert {"return", "length", "success"} <= {metric["name"] for metric in listed["metrics"]}
    assert {"echo", "train"} <= {command["name"] for command in listed["commands"]}


def test_list_filters_by_tag(catalog):
    assert json.loads(run("list", "--tag", "nothing-has-this", "--json").output) == {"tasks": []}


def test_info_names_every_override_path_with_its_value(catalog):
    report = json.loads(run("info", "Toy-Arm-v0", "--json", "--env.decimation", "3").output)
    assert report["overrides"]["env.decimation"] == 3
    assert report["overrides"]["eval_env.decimation"] == 3
    assert report["description"] == "Describe nothing in particular."
    assert report["backends"]["agents"] == {"faraway": "test_command_line:toy_task"}


def complete(words: str, count: int) -> str:
    command = {"COMP_WORDS": words, "COMP_CWORD": str(count), "_GENELAB_COMPLETE": "bash_complete"}
    return CliRunner().invoke(root, prog_name="genelab", env=command).output


@pytest.mark.parametrize(
    ("words", "count", "expected"),
    [
        ("genelab inf", 1, "plain,info"),
        ("genelab info toy", 2, "plain,Toy-Arm-v0"),
        ("genelab info --bu", 2, "plain,--build"),
    ],
)
def test_commands_tasks_and_options_are_completed(catalog, words, count, expected):
    assert expected in complete(words, count).splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell):
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"{shell}_complete" in done.output
