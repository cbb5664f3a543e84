"""Motion tracking keeps what every task promises."""

from __future__ import annotations

from genelab.testing import TaskContract


class TestTracking(TaskContract):
    task = "Genelab-Tracking-Flat-Unitree-G1-v0"
