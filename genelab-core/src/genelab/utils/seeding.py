"""Seeds of the process-wide random streams."""

from __future__ import annotations

import random

import numpy as np

from genelab.utils.lazy import torch


def seed_random_streams(seed: int) -> None:
    """Start the streams of python, numpy and torch (every device) anew from one seed."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
