"""Scenes that only the physics tests use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from quadruped import quadruped_cfg
from rough_quadruped import rough_quadruped_cfg


@pytest.fixture(scope="session")
def quadruped_env() -> Iterator[Any]:
    """A free-floating four-legged toy on the ground, eight envs: contacts, root state, explicit torques."""
    from genelab.envs.make import make_env

    env = make_env(quadruped_cfg())
    yield env
    env.close()


@pytest.fixture(scope="session")
def rough_scene() -> Iterator[Any]:
    """The same robot on a terrain of three levels and columns, with every sensor and randomisation, eight envs."""
    from genelab.envs.make import make_env

    env = make_env(rough_quadruped_cfg())
    yield env
    env.close()


@pytest.fixture
def rough_env(rough_scene: Any) -> Any:
    """That environment with all levels at the easiest, and no episode behind it that the curriculum would judge."""
    rough_scene.scene.placement.level.zero_()
    rough_scene.episode_length_buf = rough_scene.episode_length_buf.clone().zero_()
    return rough_scene
