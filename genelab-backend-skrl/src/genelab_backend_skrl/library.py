"""skrl's classes that this backend uses, imported without what importing them does to the process.

Importing skrl turns off torch's argument checks for good, adds a coloured log handler and, in a process that a
distributed launcher started, joins an NCCL group. So it is imported here and nowhere else.
"""

from __future__ import annotations

import logging
import os

from genelab.rl.distribution_checks import without_distribution_checks
from genelab.utils.errors import GenelabError

if int(os.environ.get("WORLD_SIZE", "1")) > 1:
    raise GenelabError(
        "the backend skrl trains in one process; skrl would join an NCCL group of its own when it is imported",
        where=f"WORLD_SIZE={os.environ['WORLD_SIZE']}",
        fix="start it without torchrun, or use a backend that can train on several GPUs",
    )

with without_distribution_checks():
    from skrl import logger
    from skrl.agents.torch.a2c import A2C, A2C_CFG
    from skrl.agents.torch.base import Agent, ExperimentCfg
    from skrl.agents.torch.ddpg import DDPG, DDPG_CFG
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.agents.torch.sac import SAC, SAC_CFG
    from skrl.agents.torch.td3 import TD3, TD3_CFG
    from skrl.memories.torch import Memory, RandomMemory
    from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
    from skrl.resources.noises.torch import GaussianNoise
    from skrl.resources.preprocessors.torch import RunningStandardScaler
    from skrl.resources.schedulers.torch import KLAdaptiveLR

for _handler in list(logger.handlers):
    logger.removeHandler(_handler)
logger.setLevel(logging.NOTSET)

__all__ = [
    "A2C",
    "A2C_CFG",
    "DDPG",
    "DDPG_CFG",
    "PPO",
    "PPO_CFG",
    "SAC",
    "SAC_CFG",
    "TD3",
    "TD3_CFG",
    "Agent",
    "DeterministicMixin",
    "ExperimentCfg",
    "GaussianMixin",
    "GaussianNoise",
    "KLAdaptiveLR",
    "Memory",
    "Model",
    "RandomMemory",
    "RunningStandardScaler",
]
