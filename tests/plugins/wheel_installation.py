"""Wheels, and virtual environments in which nothing else of GeneLab is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path


class Installation:
    """A virtual environment with the dependencies of this one, but nothing of GeneLab's until it is installed.

    Dependencies are reached through links to the packages here, so that nothing is downloaded or copied.

    Args:
        folder: Where it is made.
        wheels: Folder of the wheels that can be installed.
        without: Beginnings of the names of dependencies that are left out.
    """

    def __init__(self, folder: Path, wheels: Path, without: Sequence[str] = ()) -> None:
        self.folder, self.wheels = folder, wheels
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        self.python = folder / "venv/bin/python"
        packages = folder / "dependencies"
        packages.mkdir()
        left_out = ("genelab", "_genelab", "__editable__", *without)
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.lower().startswith(left_out) and entry.suffix != ".pth":
                (packages / entry.name).symlink_to(entry)
        site = next((folder / "venv").glob("lib/python*/site-packages"))
        (site / "dependencies.pth").write_text(f"{packages}\n")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("GENELAB_", "PYTHON"))}
        self.environment = {**clean, "OMP_NUM_THREADS": "1"}

    def install(self, *names: str) -> None:
        """Install from the wheels alone; pip checks that the dependencies are there."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--no-index", "--quiet"]
        subprocess.run(
            [*pip, "--no-build-isolation", "--find-links", str(self.wheels), *names], check=True, env=self.environment
        )

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run python and return what it prints; the test fails with its output if it does."""
        done = self.tried(*arguments, cwd=cwd)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tried(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run python, whatever comes of it."""
        return subprocess.run(
            [str(self.python), *arguments],
            env=self.environment,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def genelab(self, *arguments: str) -> str:
        return self.run(self.command, *arguments)

    @property
    def command(self) -> str:
        return str(self.folder / "venv/bin/genelab")

    def listed(self) -> dict[str, set[str]]:
        listed = json.loads(self.genelab("list", "--json"))
        plugins = json.loads(self.genelab("plugins", "--json"))
        assert {plugin["status"] for plugin in plugins} == {"ok"}, plugins
        return {
            "plugins": {plugin["distribution"] for plugin in plugins},
            **{kind: {record["name"] for record in records} for kind, records in listed.items()},
        }


def build(source: Path, wheels: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
