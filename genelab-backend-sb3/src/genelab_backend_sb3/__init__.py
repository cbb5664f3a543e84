"""Stable-Baselines3 for GeneLab.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genelab_backend_sb3.config import Sb3AgentCfg, Sb3HerCfg, Sb3PolicyCfg

__all__ = ["Sb3AgentCfg", "Sb3HerCfg", "Sb3PolicyCfg"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from genelab_backend_sb3 import config

    return getattr(config, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
