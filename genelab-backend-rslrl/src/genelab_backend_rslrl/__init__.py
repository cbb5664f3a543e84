"""rsl_rl PPO for GeneLab.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genelab_backend_rslrl.config import (
        RslRlBetaCfg,
        RslRlGaussianCfg,
        RslRlHeteroscedasticGaussianCfg,
        RslRlModelCfg,
        RslRlOnPolicyRunnerCfg,
        RslRlPpoAlgorithmCfg,
        RslRlSymmetryCfg,
    )

__all__ = [
    "RslRlBetaCfg",
    "RslRlGaussianCfg",
    "RslRlHeteroscedasticGaussianCfg",
    "RslRlModelCfg",
    "RslRlOnPolicyRunnerCfg",
    "RslRlPpoAlgorithmCfg",
    "RslRlSymmetryCfg",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from genelab_backend_rslrl import config

    return getattr(config, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
