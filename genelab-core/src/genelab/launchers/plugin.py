"""Launchers for other machines, as a plugin of the core's own distribution."""

from __future__ import annotations

GENELAB_API = "1"
