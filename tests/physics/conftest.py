"""Scenes that only the physics tests use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from quadruped import quadruped_cfg


@pytest.fixture(scope="session")
def quadruped_env() -> Iterator[Any]:
    """A free-floating four-legged toy on the ground, eight envs: contacts, root state, explicit torques."""
    from genelab.envs.make import make_env

    env = make_env(quadruped_cfg())
    yield env
    env.close()
