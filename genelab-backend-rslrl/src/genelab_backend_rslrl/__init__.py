"""rsl_rl PPO for GeneLab.

Task packs write their agents with the configs named here; they are imported on first use, so that listing plugins
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.utils.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, {name: f"{__name__}.config:{name}" for name in __all__})
