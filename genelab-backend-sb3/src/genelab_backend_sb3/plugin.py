"""Plugin module of this distribution: one backend, `sb3`."""

from __future__ import annotations

from genelab.api import BackendSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            name="sb3",
            backend="genelab_backend_sb3.backend:Sb3Backend",
            config_type="genelab_backend_sb3.config:Sb3AgentCfg",
            checkpoint_suffix=".zip",
            capabilities=("off_policy", "dict_observations"),
            summary="PPO, A2C, SAC, TD3, DDPG and hindsight experience replay (stable-baselines3)",
        )
    ]
