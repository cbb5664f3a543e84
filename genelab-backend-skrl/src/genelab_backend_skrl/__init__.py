"""skrl for GeneLab: PPO, A2C, SAC, TD3 and DDPG.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genelab_backend_skrl.config import SkrlAgentCfg, SkrlModelsCfg

__all__ = ["SkrlAgentCfg", "SkrlModelsCfg"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from genelab_backend_skrl import config

    return getattr(config, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
