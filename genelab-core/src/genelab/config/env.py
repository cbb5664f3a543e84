"""Environment configs: a scene and the managers' terms."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from genelab.config.base import NonNegative, Positive, PositiveInt, configclass
from genelab.config.scene import SceneCfg
from genelab.config.simulation import SimulationCfg
from genelab.config.terms import (
    ActionTermCfg,
    CommandTermCfg,
    CurriculumTermCfg,
    EventTermCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    RewardTermCfg,
    TerminationTermCfg,
)


@configclass
class ManagerBasedEnvCfg:
    """An environment without rewards: scenes to play back, data to collect.

    Attributes:
        decimation: Physics ticks per control step.
        seed: Base seed of python, numpy, torch and Genesis.
        action_noise_std: Standard deviation of normal noise on the applied action.
        action_delay: Delay of the applied action, control steps: drawn per env and episode in this inclusive range.
    """

    simulation: SimulationCfg = Field(default_factory=SimulationCfg)
    scene: SceneCfg = Field(default_factory=SceneCfg)
    decimation: PositiveInt = 4
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    actions: dict[str, ActionTermCfg] = Field(default_factory=dict)
    action_noise_std: NonNegative = 0.0
    action_delay: tuple[int, int] = (0, 0)
    observations: dict[str, ObservationGroupCfg] = Field(default_factory=dict)
    events: dict[str, EventTermCfg] = Field(default_factory=dict)

    @property
    def step_dt(self) -> float:
        """Control step, s."""
        return self.simulation.dt * self.decimation

    @property
    def max_episode_length(self) -> int:
        """Length of a headless `play`, control steps: no episode ends here."""
        return self.simulation.steps


@configclass
class ManagerBasedRlEnvCfg(ManagerBasedEnvCfg):
    """A reinforcement-learning environment.

    Attributes:
        episode_length_s: Time limit, s.
        scale_rewards_by_dt: Multiply reward weights by the control step, so that weights are per second.
        random_initial_episode_length: At the first reset start envs at random episode steps, so that time-outs spread.
        max_nan_reset_rate: Share of env steps in a window of 1000 control steps that may go non-finite before the run
            stops.
        strata: What evaluation episodes are sorted by, each with the number of its bins or their names; terms read an
            episode's bin from `env.random.stratum(name)`.
        headline: The number that an evaluation leads with and the best model is chosen by; `None` is success at the end
            of the episode where the task publishes success, else the return.
    """

    episode_length_s: Positive = 20.0
    scale_rewards_by_dt: bool = True
    random_initial_episode_length: bool = False
    max_nan_reset_rate: Annotated[float, Field(gt=0, le=1)] = 0.01
    commands: dict[str, CommandTermCfg] = Field(default_factory=dict)
    rewards: dict[str, RewardTermCfg] = Field(default_factory=dict)
    terminations: dict[str, TerminationTermCfg] = Field(default_factory=dict)
    curriculum: dict[str, CurriculumTermCfg] = Field(default_factory=dict)
    metrics: dict[str, MetricTermCfg] = Field(default_factory=dict)
    strata: dict[str, PositiveInt | tuple[str, ...]] = Field(default_factory=dict)
    headline: Literal["return", "success_at_end", "success_once"] | None = None

    @property
    def max_episode_length(self) -> int:
        """Time limit, control steps."""
        return math.ceil(round(self.episode_length_s / self.step_dt, 6))
