"""Noise models are open: a class with numbers and a `sample` is enough."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from genelab import mdp
from genelab.config import GaussianNoise, NoiseCfg, ObservationGroupCfg, ObservationTermCfg, UniformNoise, configclass
from genelab.config.noise import NoiseDraws
from genelab.managers.observation_group import ObservationNoise
from genelab.managers.random_streams import RandomStreams


@configclass
class Spikes(NoiseCfg):
    height: float

    @staticmethod
    def sample(draws: NoiseDraws, *, height: torch.Tensor) -> torch.Tensor:
        return 1.0 + height * (draws.uniform("spikes") < 0.5)


def noisy(*models: NoiseCfg | None, num_envs: int = 64) -> torch.Tensor:
    """Return the noise of a group whose terms have two elements each."""
    terms = {str(i): ObservationTermCfg(func=mdp.observations.joint_vel, noise=m) for i, m in enumerate(models)}
    random = RandomStreams(num_envs, "cpu", seed=1)
    env: Any = SimpleNamespace(device="cpu", random=random, episode_length_buf=torch.zeros(num_envs))
    noise = ObservationNoise("policy", ObservationGroupCfg(terms=terms), [2] * len(terms), env)
    return noise.add_to(torch.zeros(num_envs, 2 * len(terms)), reuse=False)


def test_each_term_has_the_noise_of_its_own_model():
    made = noisy(Spikes(height=8.0), None, UniformNoise(low=2.0, high=3.0), GaussianNoise(std=0.0, mean=-1.0))
    spikes, none, uniform, gaussian = made.split(2, dim=1)
    assert set(spikes.flatten().tolist()) == {1.0, 9.0}
    assert not none.any()
    assert ((uniform >= 2.0) & (uniform < 3.0)).all() and uniform.std() > 0.1
    assert (gaussian == -1.0).all()


def test_the_draws_of_a_model_do_not_depend_on_the_others():
    alone = noisy(UniformNoise(low=0.0, high=1.0), None)
    assert torch.equal(alone[:, :2], noisy(UniformNoise(low=0.0, high=1.0), Spikes(height=1.0))[:, :2])


def test_a_model_without_sample_is_refused():
    @configclass
    class Nothing(NoiseCfg):
        pass

    with pytest.raises(NotImplementedError, match="sample"):
        noisy(Nothing())
