"""Small trainings that the tests of the skrl backend share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.testing import FakeVecEnv
from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg
from genelab_backend_skrl.backend import SkrlBackend

ALGORITHMS = ("PPO", "A2C", "SAC", "TD3", "DDPG")


def small_agent(algorithm: Any = "PPO", *, models: dict[str, Any] | None = None, **fields: Any) -> SkrlAgentCfg:
    table: dict[str, Any] = {
        "algorithm": algorithm,
        "save_interval": 20,
        "models": SkrlModelsCfg(**{"hidden_dims": (16,), "obs_normalization": True, **(models or {})}),
        "learning_rate": 1e-3,
        "rollouts": 6,
        "mini_batches": 2,
        "learning_epochs": 2,
        "replay_size": 8 * 15,
        "batch_size": 16,
        "learning_starts": 4,
        "random_timesteps": 2,
        **fields,
    }
    return SkrlAgentCfg(**table)


def small_env(num_envs: int = 8, **options: Any) -> FakeVecEnv:
    return FakeVecEnv(
        num_envs, **{"max_episode_length": 10, "failure_steps": (3, 9), "success_probability": 0.7, **options}
    )


def train(
    log_dir: Path, timesteps: int, *, agent: SkrlAgentCfg | None = None, env: Any = None, **context: Any
) -> TrainResult:
    ctx = TrainContext(
        task_id="Fake-v0",
        env=env or small_env(),
        agent=agent or small_agent(),
        log_dir=log_dir,
        max_iterations=timesteps,
        **context,
    )
    return SkrlBackend().train(ctx)
