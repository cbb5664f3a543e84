"""How many environments fit into memory."""

from __future__ import annotations

import os

BYTES_PER_ENV = 2 * 2**20
"""Upper estimate: a 29-joint humanoid with 150 contact pairs takes 1.3 MiB, a wheeled quadruped 0.8 MiB."""

MAX_ENVS = 4096


def envs_that_fit(gpu: bool | None) -> int:
    """Return how many envs fit into half of the memory that is free now, at least 1 and at most `MAX_ENVS`.

    Args:
        gpu: As `SimulationCfg.gpu`: whether the simulation runs on the GPU, or `None` if it does when there is one.
    """
    import torch

    if gpu is not False and torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
    else:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(MAX_ENVS, free // 2 // BYTES_PER_ENV))
