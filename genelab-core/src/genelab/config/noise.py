"""Observation noise. It is added to the raw value, before scale and clip.

A new model is one class, in any module:

    @configclass
    class Spikes(NoiseCfg):
        height: float

        @staticmethod
        def sample(draws: NoiseDraws, *, height: torch.Tensor) -> torch.Tensor:
            return height * (draws.uniform("spikes") < 0.01)
"""

from __future__ import annotations

from typing import Any, Protocol

from genelab.config.base import configclass
from genelab.utils.lazy import torch


class NoiseDraws(Protocol):
    """Random numbers for all elements of an observation group, float32 `(num_envs, dim)`.

    A model names its streams, so that its numbers do not depend on what else is drawn.
    """

    def uniform(self, stream: str) -> torch.Tensor:
        """Return fresh numbers in [0, 1), which may be written over."""
        ...

    def normal(self, stream: str) -> torch.Tensor:
        """Return fresh standard normal numbers, likewise."""
        ...


@configclass
class NoiseCfg:
    """Base of the noise models. Their fields are numbers."""

    @staticmethod
    def sample(draws: NoiseDraws, *_: Any, **fields: Any) -> torch.Tensor:
        """Return the noise of a whole observation group, `(num_envs, dim)`; only elements with this model count.

        Args:
            draws: Random numbers of that shape.
            fields: Each field of the config for every element, `(dim,)`; zero for an element of another model.
        """
        raise NotImplementedError("a noise model defines sample()")


@configclass
class UniformNoise(NoiseCfg):
    """Uniform noise in [`low`, `high`], in the unit of the observed quantity."""

    low: float
    high: float

    @staticmethod
    def sample(draws: NoiseDraws, *, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        return draws.uniform("uniform_noise").mul_(high - low).add_(low)


@configclass
class GaussianNoise(NoiseCfg):
    """Normal noise with standard deviation `std` and mean `mean`, in the unit of the observed quantity."""

    std: float
    mean: float = 0.0

    @staticmethod
    def sample(draws: NoiseDraws, *, std: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
        return draws.normal("gaussian_noise").mul_(std).add_(mean)
