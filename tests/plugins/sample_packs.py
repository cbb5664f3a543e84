"""Task packs that look installed: a module and a `.dist-info` in a folder that goes on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TASK_PACK = """
from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [TaskSpec(id="{task}", config="genelab.config:TaskCfg", summary="A sample.", agents={agents}{more})]
"""

BROKEN = {
    "import-error": "import genelab.api\nraise ImportError('it was not meant to be')\n",
    "sys-exit": "import sys\nsys.exit(3)\n",
    "wrong-signature": (
        "from genelab.api import hookimpl\nGENELAB_API = '1'\n\n@hookimpl\ndef genelab_tasks(config):\n    return []\n"
    ),
    "raising-hook": (
        "from genelab.api import hookimpl\nGENELAB_API = '1'\n\n"
        "@hookimpl\ndef genelab_tasks():\n    raise RuntimeError('no robots today')\n"
    ),
    "invalid-record": (
        "from genelab.api import TaskSpec, hookimpl\nGENELAB_API = '1'\n\n"
        "@hookimpl\ndef genelab_tasks():\n    return [TaskSpec(id='Two Words', config='nonsense')]\n"
    ),
    "missing-dependency": "import surely_not_installed\nGENELAB_API = '1'\n",
    "future-api": "GENELAB_API = '2.0'\nfrom genelab.api import SomethingOfTheFuture\n",
    "duplicate-id": TASK_PACK.format(task="healthy_v0", agents="{}", more=""),
}
"""Eight ways to break: the plugin module by the pack's name. `duplicate-id` claims what the healthy pack has."""


def install(site: Path, name: str, source: str, *, version: str = "1.0", requires: tuple[str, ...] = ()) -> None:
    """Put a distribution `name` into the folder `site`, whose plugin module has this source."""
    package = name.replace("-", "_")
    (site / package).mkdir(parents=True)
    (site / package / "__init__.py").write_text("")
    (site / package / "plugin.py").write_text(source)
    info = site / f"{package}-{version}.dist-info"
    info.mkdir()
    needed = "".join(f"Requires-Dist: {line}\n" for line in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}")
    (info / "entry_points.txt").write_text(f"[genelab]\n{name} = {package}.plugin\n")


def install_healthy(site: Path) -> None:
    """Install a pack with the task Healthy-v0, which has an agent for a backend that nobody provides."""
    agents = "{'faraway_rl': 'genelab.config:TaskCfg'}"
    install(site, "healthy", TASK_PACK.format(task="Healthy-v0", agents=agents, more=""))


def genelab(*arguments: str, site: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m genelab` with `site` on the path."""
    paths = [str(site)] if site else []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GENELAB_")}
    return subprocess.run(
        [sys.executable, "-m", "genelab", *arguments],
        env={**clean, "PYTHONPATH": os.pathsep.join(paths), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
