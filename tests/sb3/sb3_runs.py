"""Small trainings that the tests of the Stable-Baselines3 backend share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.testing import FakeVecEnv
from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg
from genelab_backend_sb3.backend import Sb3Backend

ALGORITHMS = ("PPO", "A2C", "SAC", "TD3", "DDPG")


def small_agent(algorithm: str = "PPO", **fields: Any) -> Sb3AgentCfg:
    table: dict[str, Any] = {
        "algorithm": algorithm,
        "n_steps": 6,
        "n_epochs": 2,
        "batch_size": 24,
        "buffer_size": 4000,
        "learning_starts": 80,
        "save_interval": 240,
        "policy": Sb3PolicyCfg(net_arch=(16,), obs_normalization=True),
        **fields,
    }
    return Sb3AgentCfg(**table)


def small_env(num_envs: int = 8, **options: Any) -> FakeVecEnv:
    return FakeVecEnv(
        num_envs, **{"max_episode_length": 10, "failure_steps": (3, 9), "success_probability": 0.7, **options}
    )


def train(
    log_dir: Path, steps: int, *, agent: Sb3AgentCfg | None = None, env: Any = None, **context: Any
) -> TrainResult:
    ctx = TrainContext(
        task_id="Fake-v0",
        env=env or small_env(),
        agent=agent or small_agent(),
        log_dir=log_dir,
        max_iterations=steps,
        **context,
    )
    return Sb3Backend().train(ctx)
