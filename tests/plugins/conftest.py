"""Wheels that several tests install."""

from __future__ import annotations

from pathlib import Path

import pytest
from wheel_installation import build

ROOT = Path(__file__).parents[2]
NAMES = ("core", "backend-rslrl", "backend-skrl", "backend-sb3", "tasks-locomotion")


@pytest.fixture(scope="session")
def our_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of the core, the backends and a task pack."""
    wheels = tmp_path_factory.mktemp("our-wheels")
    for name in NAMES:
        build(ROOT / f"genelab-{name}", wheels)
    return wheels
