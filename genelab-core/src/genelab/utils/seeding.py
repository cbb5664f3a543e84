"""The process-wide random streams: python, numpy and torch on every device."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from genelab.utils.lazy import torch


def seed_random_streams(seed: int) -> None:
    """Start the streams of python, numpy and torch (every device) anew from one seed."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """Return where every one of these streams is, as tensors and plain values."""
    stream: Any = np.random.get_state(legacy=False)
    keys, position = torch.from_numpy(stream["state"]["key"].astype(np.int64)), int(stream["state"]["pos"])
    return {
        "python": random.getstate(),
        "numpy": (keys, position, int(stream["has_gauss"]), float(stream["gauss"])),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Continue every stream where `random_state` found it."""
    random.setstate(state["python"])
    keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), position, has_gauss, gauss))
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
