"""Services that keep a copy of a run's curves, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import LoggerSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_loggers() -> list[LoggerSpec]:
    return [
        LoggerSpec(name="wandb", logger="genelab.loggers.wandb:WandbLog", summary="Weights & Biases (extra wandb)."),
        LoggerSpec(name="mlflow", logger="genelab.loggers.mlflow:MlflowLog", summary="MLflow (extra mlflow)."),
    ]
