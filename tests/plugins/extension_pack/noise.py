"""A noise model: now and then an element is off by a fixed height."""

from __future__ import annotations

from genelab.config import NoiseCfg
from genelab.config.base import configclass


@configclass
class Spikes(NoiseCfg):
    height: float

    @staticmethod
    def sample(draws, *, height):
        return height * (draws.uniform("spikes") < 0.5)
