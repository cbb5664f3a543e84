from __future__ import annotations

from rslrl_runs import small_agent

from genelab.rl.config import BackendConfig
from genelab.testing import FakeVecEnv
from genelab.testing.backend_contract import BackendContract


class TestRslRl(BackendContract):
    backend = "rsl_rl"

    def agent(self, env: FakeVecEnv) -> BackendConfig:
        return small_agent()


class TestRslRlWithMemory(TestRslRl):
    def agent(self, env: FakeVecEnv) -> BackendConfig:
        return small_agent("lstm")
