"""Stable-Baselines3 for GeneLab.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.utils.lazy import lazy_names

if TYPE_CHECKING:
    from genelab_backend_sb3.config import Sb3AgentCfg, Sb3HerCfg, Sb3ImitationCfg, Sb3PolicyCfg

__all__ = ["Sb3AgentCfg", "Sb3HerCfg", "Sb3ImitationCfg", "Sb3PolicyCfg"]

__getattr__, __dir__ = lazy_names(__name__, {name: f"{__name__}.config:{name}" for name in __all__})
