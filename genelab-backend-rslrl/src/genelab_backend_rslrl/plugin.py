"""Plugin module of this distribution: one backend, `rsl_rl`."""

from __future__ import annotations

from genelab.api import BackendSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            name="rsl_rl",
            backend="genelab_backend_rslrl.backend:RslRlBackend",
            config_type="genelab_backend_rslrl.config:RslRlOnPolicyRunnerCfg",
            checkpoint_suffix=".pt",
            capabilities=("distributed", "recurrent", "symmetry"),
            summary="PPO with feed-forward or recurrent actors (rsl-rl-lib)",
        )
    ]
