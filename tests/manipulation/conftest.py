"""The two scenes of the manipulation tests: an arm with a cube, and an arm without contacts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def franka_env() -> Iterator[Any]:
    """Pick-and-place, ten envs, as for training. Tests reset it first."""
    from genelab.envs.make import make_env

    env = make_env("GeneLab-Franka-Pick-And-Place-v0", num_envs=10, seed=0)
    yield env
    env.close()


@pytest.fixture(scope="session")
def ur5e_env() -> Iterator[Any]:
    """Reach, eight envs, as for training. Tests reset it first."""
    from genelab.envs.make import make_env

    env = make_env("GeneLab-UR5e-Reach-v0", num_envs=8, seed=0)
    yield env
    env.close()
