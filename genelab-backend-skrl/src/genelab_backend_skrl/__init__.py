"""skrl for GeneLab: PPO, A2C, SAC, TD3 and DDPG.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.utils.lazy import lazy_names

if TYPE_CHECKING:
    from genelab_backend_skrl.config import SkrlAgentCfg, SkrlHerCfg, SkrlModelsCfg

__all__ = ["SkrlAgentCfg", "SkrlHerCfg", "SkrlModelsCfg"]

__getattr__, __dir__ = lazy_names(__name__, {name: f"genelab_backend_skrl.config:{name}" for name in __all__})
