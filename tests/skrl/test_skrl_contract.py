from __future__ import annotations

from typing import Any

import pytest
from skrl_runs import small_agent

from genelab.rl.config import BackendConfig
from genelab.testing import FakeVecEnv
from genelab.testing.backend_contract import BackendContract


class TestPpo(BackendContract):
    """The training is resumed in the middle of its second rollout."""

    backend = "skrl"
    iterations = 18
    algorithm: Any = "PPO"

    def agent(self, env: FakeVecEnv) -> BackendConfig:
        return small_agent(self.algorithm)


class TestA2c(TestPpo):
    algorithm = "A2C"


class TestSac(TestPpo):
    algorithm = "SAC"


class TestTd3(TestPpo):
    algorithm = "TD3"


class TestDdpg(TestPpo):
    algorithm = "DDPG"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestSacAsOnnx(TestSac):
    export_format = "onnx"
