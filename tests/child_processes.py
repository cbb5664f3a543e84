"""Commands in processes of their own, and waiting for what they write."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def start_python(folder: Path, *words: object, plugins: str = "core", **environment: str) -> subprocess.Popen[str]:
    """Start `python WORDS…` in `folder`, with these installed plugins allowed."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GENELAB_PLUGINS": plugins, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(process: subprocess.Popen[str], *patterns: Path) -> None:
    """Wait until for each pattern a file exists whose name fits it."""
    deadline = time.monotonic() + 60
    while not all(any(pattern.parent.glob(pattern.name)) for pattern in patterns):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, patterns
        time.sleep(0.05)
