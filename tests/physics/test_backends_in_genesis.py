"""The backend contract with the real pendulum instead of the fake environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genelab.rl.backends.base import TrainResult
from genelab.rl.config import BackendConfig
from genelab.testing.backend_contract import BackendContract


@pytest.fixture(scope="module")
def second_pendulum() -> Iterator[Any]:
    from genelab.envs.make import make_env

    env = make_env("GeneLab-Inverted-Pendulum-v0", num_envs=8)
    yield env
    env.close()


class OnThePendulum(BackendContract):
    """Trains in one pendulum and looks at the results in another; whoever gets one gets it in the same state."""

    trained_in: ClassVar[Any]
    looked_at_in: ClassVar[Any]
    start: ClassVar[dict[str, Any]]
    _training: bool = False

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def pendulums(cls, pendulum_env: Any, second_pendulum: Any) -> None:
        cls.trained_in, cls.looked_at_in = pendulum_env, second_pendulum
        second_pendulum.reset(seed=11)
        cls.start = second_pendulum.state_dict()

    def env(self) -> Any:
        env = self.trained_in if self._training else self.looked_at_in
        self._training = False
        env.raw_observations = False
        env.load_state_dict(self.start)
        return env

    def _train(self, log_dir: Path, iterations: int, **context: Any) -> TrainResult:
        self._training = True  # until the contract has taken the environment
        return super()._train(log_dir, iterations, **context)


class TestRslRl(OnThePendulum):
    backend = "rsl_rl"

    def agent(self, env: Any) -> BackendConfig:
        from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg

        network: dict[str, Any] = {"hidden_dims": (16,), "obs_normalization": True}
        actor = RslRlModelCfg(**network, distribution_cfg=RslRlGaussianCfg())
        return RslRlOnPolicyRunnerCfg(num_steps_per_env=12, actor=actor, critic=RslRlModelCfg(**network))


class TestSkrl(OnThePendulum):
    """Off-policy, with a memory that a resumed training needs."""

    backend = "skrl"
    iterations = 24

    def agent(self, env: Any) -> BackendConfig:
        from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg

        return SkrlAgentCfg(
            algorithm="SAC",
            models=SkrlModelsCfg(hidden_dims=(16,), obs_normalization=True),
            batch_size=16,
            replay_size=8 * 30,
            learning_starts=4,
            random_timesteps=2,
        )


class TestSb3(OnThePendulum):
    backend = "sb3"
    iterations = 384

    def agent(self, env: Any) -> BackendConfig:
        from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

        policy = Sb3PolicyCfg(net_arch=(16,))
        return Sb3AgentCfg(algorithm="PPO", n_steps=12, n_epochs=2, batch_size=48, policy=policy)
