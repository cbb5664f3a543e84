"""Base of every backend's agent config, and a check that all agents need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from genelab.config.base import Positive, PositiveInt, configclass
from genelab.utils.names import unknown_name


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
        logger: Where scalars go: event files in the run's folder (`"tensorboard"`), the same and a copy to a service
            (`"wandb"`, `"mlflow"`, or another one of `genelab list loggers`), or nowhere (`"none"`).
        log_project: Where the service files the run: a project of Weights & Biases, an experiment of MLflow.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    experiment_name: str = "experiment"
    run_name: str = ""
    max_iterations: PositiveInt = 300
    save_interval: PositiveInt = 50
    clip_actions: Positive | None = None
    logger: Annotated[str, Field(min_length=1)] = "tensorboard"
    log_project: Annotated[str, Field(min_length=1)] = "genelab"


def require_groups(known: Iterable[str], groups: Iterable[str], where: str) -> None:
    """Check the groups that an agent reads.

    Args:
        known: Groups of the environment: `env_cfg.observations` before it is built, `observation_layout.groups` after.
        groups: Groups that the agent reads.
        where: The agent's field that names them, as `"agent.obs_groups"`.

    Raises:
        UsageError: for the first one that the environment does not have, with the nearest names.
    """
    known = list(known)
    for name in groups:
        if name not in known:
            raise unknown_name("observation group", name, known, where=where)
