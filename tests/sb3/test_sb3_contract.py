from __future__ import annotations

from sb3_runs import small_agent

from genelab.rl.config import BackendConfig
from genelab.testing import FakeVecEnv
from genelab.testing.backend_contract import BackendContract


class TestSb3Ppo(BackendContract):
    backend = "sb3"
    iterations = 480
    algorithm = "PPO"

    def agent(self, env: FakeVecEnv) -> BackendConfig:
        return small_agent(self.algorithm)


class TestSb3A2c(TestSb3Ppo):
    algorithm = "A2C"


class TestSb3Sac(TestSb3Ppo):
    algorithm = "SAC"


class TestSb3Td3(TestSb3Ppo):
    algorithm = "TD3"


class TestSb3Ddpg(TestSb3Ppo):
    algorithm = "DDPG"
