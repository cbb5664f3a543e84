"""Base of every backend's agent config."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genelab.config.base import configclass


@configclass
class BackendConfig:
    """What all agents have.

    Attributes:
        seed: Seed of the agent: network weights, exploration, mini-batches. The environment has its own.
        experiment_name: Folder below `logs/<backend>/`.
        run_name: Suffix of the run's folder.
        max_iterations: Training budget, in the unit of the backend (`Backend.iteration_unit`).
        save_interval: Iterations between checkpoints.
        clip_actions: Bound on |action| before it reaches the environment; `None` for none.
        logger: Where scalars go: event files in the run's folder (`"tensorboard"`), the same and a copy to Weights &
            Biases or MLflow (extras `wandb` and `mlflow` of genelab-core), or nowhere (`"none"`).
        log_project: The project of Weights & Biases, or the experiment of MLflow.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    experiment_name: str = "experiment"
    run_name: str = ""
    max_iterations: Annotated[int, Field(gt=0)] = 300
    save_interval: Annotated[int, Field(gt=0)] = 50
    clip_actions: Annotated[float, Field(gt=0)] | None = None
    logger: Literal["tensorboard", "wandb", "mlflow", "none"] = "tensorboard"
    log_project: Annotated[str, Field(min_length=1)] = "genelab"
