"""Observation noise. It is added to the raw value, before scale and clip."""

from __future__ import annotations

from genelab.config.base import configclass


@configclass
class NoiseCfg:
    """Base of the noise models."""


@configclass
class UniformNoise(NoiseCfg):
    """Uniform noise in [`low`, `high`], in the unit of the observed quantity."""

    low: float
    high: float


@configclass
class GaussianNoise(NoiseCfg):
    """Normal noise with standard deviation `std` and mean `mean`, in the unit of the observed quantity."""

    std: float
    mean: float = 0.0
