"""Plugin module of this distribution: one backend, `skrl`."""

from __future__ import annotations

from genelab.api import BackendSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            name="skrl",
            backend="genelab_backend_skrl.backend:SkrlBackend",
            config_type="genelab_backend_skrl.config:SkrlAgentCfg",
            checkpoint_suffix=".pt",
            capabilities=("off_policy",),
            summary="PPO, A2C, SAC, TD3 and DDPG (skrl)",
        )
    ]
