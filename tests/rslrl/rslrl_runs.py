"""Small trainings that the tests of the rsl_rl backend share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.testing import FakeVecEnv
from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg
from genelab_backend_rslrl.backend import RslRlBackend


def small_agent(
    rnn_type: Any = None, *, algorithm: dict[str, Any] | None = None, **fields: Any
) -> RslRlOnPolicyRunnerCfg:
    network: dict[str, Any] = {
        "hidden_dims": (16,),
        "obs_normalization": True,
        "rnn_type": rnn_type,
        "rnn_hidden_dim": 8,
        "rnn_num_layers": 2,
    }
    table: dict[str, Any] = {
        "num_steps_per_env": 6,
        "save_interval": 5,
        "actor": RslRlModelCfg(**network, distribution_cfg=RslRlGaussianCfg()),
        "critic": RslRlModelCfg(**network),
        "algorithm": RslRlPpoAlgorithmCfg(**{"num_learning_epochs": 2, "num_mini_batches": 2, **(algorithm or {})}),
        **fields,
    }
    return RslRlOnPolicyRunnerCfg(**table)


def small_env(num_envs: int = 8, **options: Any) -> FakeVecEnv:
    return FakeVecEnv(
        num_envs, **{"max_episode_length": 10, "failure_steps": (3, 9), "success_probability": 0.7, **options}
    )


def train(
    log_dir: Path, iterations: int, *, agent: RslRlOnPolicyRunnerCfg | None = None, env: Any = None, **context: Any
) -> TrainResult:
    ctx = TrainContext(
        task_id="Fake-v0",
        env=env or small_env(),
        agent=agent or small_agent(),
        log_dir=log_dir,
        max_iterations=iterations,
        **context,
    )
    return RslRlBackend().train(ctx)


def train_for_ever(log_dir: str, resume: str | None) -> None:
    """Train with a checkpoint in each iteration until the process is killed."""
    train(
        Path(log_dir),
        1_000_000,
        agent=small_agent("lstm", save_interval=1, logger="none"),
        resume=None if resume is None else Path(resume),
    )
