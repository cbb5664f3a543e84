"""Services that keep a copy of a run's curves, as a plugin of the core's own distribution."""

from __future__ import annotations

GENELAB_API = "1"
