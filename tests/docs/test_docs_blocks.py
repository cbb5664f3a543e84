"""What the documentation shows is run: files with a title are written, `console` and `pycon` blocks are executed."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from markdown_blocks import Block, read_blocks, read_commands

from genelab.cli import root

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("genelab-*/README.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_ASSIGNMENTS = re.compile(r"^(\w+=\S* )+")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

executable = [page for page in PAGES if any(block.language in ("console", "pycon") for block in read_blocks(page))]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", executable, ids=name)
def test_the_blocks_of_a_page_do_what_it_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the page's name holds files that its commands need."""
    if page.with_suffix("").is_dir():
        shutil.copytree(page.with_suffix(""), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
    }
    namespace: dict[str, object] = {}
    for block in read_blocks(page):
        where = f"{name(page)}:{block.line}"
        if block.title is not None:
            target = tmp_path / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            run_console(block, environment, where)
        elif block.language == "pycon":
            namespace = run_pycon(block, namespace, where)


def run_console(block: Block, environment: dict[str, str], where: str) -> None:
    for command in read_commands(block):
        done = subprocess.run(
            ["bash", "-c", command.text],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{where}: {command.text}\n{done.stdout}"
        if command.output:
            same = doctest.OutputChecker().check_output(command.output, done.stdout, FLAGS)
            assert same, f"{where}: {command.text}\nshown:\n{command.output}\nprinted:\n{done.stdout}"


def run_pycon(block: Block, namespace: dict[str, object], where: str) -> dict[str, object]:
    test = doctest.DocTestParser().get_doctest(block.text, namespace, where, where, block.line)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    assert result.failed == 0, f"{where}\n{''.join(report)}"
    return test.globs


def genelab_commands(page: Path) -> list[str]:
    """Return the `genelab ...` commands of a page, executed or not, with continued lines joined."""
    found = []
    for block in read_blocks(page):
        if block.language in ("bash", "console"):
            lines = block.text.replace("\\\n", " ").splitlines()
            texts = [_ASSIGNMENTS.sub("", line.removeprefix("$ ").partition(" #")[0].strip()) for line in lines]
            found += [text for text in texts if text.startswith("genelab ")]
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if genelab_commands(page)], ids=name)
def test_every_command_in_the_documentation_has_the_options_it_shows(page: Path) -> None:
    for text in genelab_commands(page):
        words = shlex.split(re.split(r" [|>] ", text)[0])[1:]
        command: click.Command = root
        while isinstance(command, click.Group):
            while words and words[0].startswith("-"):
                width = 2 if words[0] == "--plugin" else 1
                words = words[width:]
            if not words or command.get_command(click.Context(command), words[0]) is None:
                break
            following = command.get_command(click.Context(command), words.pop(0))
            assert following is not None
            command = following
        parameters = command.get_params(click.Context(command))
        known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in words:
            option = word.partition("=")[0].replace("_", "-")
            if option.startswith("-") and "." not in option and not option.lstrip("-").isdigit():
                assert option in known | {"--help", "-h", "--version", "--plugin"}, f"{name(page)}: {text}: no {option}"
