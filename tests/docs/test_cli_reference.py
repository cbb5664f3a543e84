"""The reference page of the command line is what `--help` prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genelab.plugins.catalog import discovered

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import cli_reference


@pytest.fixture(scope="module")
def page() -> str:
    return cli_reference.cli_reference()


@pytest.mark.parametrize("path", [(), ("train",), ("plugins", "doctor")], ids=" ".join)
def test_the_page_holds_the_help_that_the_command_prints(page: str, path: tuple[str, ...]) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "genelab", *path, "--help"],
        env={**os.environ, "COLUMNS": str(cli_reference.COLUMNS)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.strip()
    assert f"```text\n{printed}```" in page


def test_the_page_has_a_section_for_every_command(page: str) -> None:
    for spec in discovered().own_commands:
        assert f"\n## genelab {spec.name}\n" in page
