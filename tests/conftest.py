"""Shared scenes: compiling one takes up to a minute, so tests that need Genesis use these."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

# Before torch is imported anywhere: the machines that run these tests have few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell that starts the tests in the background has SIGINT ignored, and Python then raises no KeyboardInterrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def pendulum_env() -> Iterator[Any]:
    """Inverted pendulum, eight envs, as for training. Tests reset it first."""
    from genelab.envs.make import make_env

    env = make_env("GeneLab-Inverted-Pendulum-v0", num_envs=8)
    yield env
    env.close()
