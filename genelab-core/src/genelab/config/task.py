"""A task: one environment in three variants and, when it is trained, an agent."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from genelab.config.base import FunctionRef, configclass
from genelab.config.env import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg
from genelab.config.randomization import is_randomization


@configclass
class TaskCfg:
    """What a task's factory returns.

    Attributes:
        env: Environment for training.
        eval_env: Environment for evaluation; `None` derives it from `env` (see `derive_eval_env`).
        play_env: Environment for looking at; `None` derives it from the evaluation environment with one env.
        agent: The chosen backend's config; filled in when the backend is known.
        for_evaluation: Changes the derived evaluation environment in place, so that overrides of `env` still reach it:
            what to measure there beyond leaving out what disturbs.
    """

    env: ManagerBasedEnvCfg
    eval_env: ManagerBasedEnvCfg | None = None
    play_env: ManagerBasedEnvCfg | None = None
    agent: Any = None
    for_evaluation: FunctionRef | None = None

    def __post_init__(self) -> None:
        if self.eval_env is not None and self.for_evaluation is not None:
            raise ValueError("for_evaluation changes the derived evaluation environment, but eval_env is given")

    def completed(self) -> TaskCfg:
        """Return a copy whose `eval_env` and `play_env` are filled in."""
        if self.eval_env is not None:
            eval_env = deepcopy(self.eval_env)
        else:
            eval_env = derive_eval_env(self.env)
            if self.for_evaluation is not None:
                self.for_evaluation(eval_env)
        play_env = deepcopy(self.play_env) if self.play_env is not None else derive_play_env(eval_env)
        return TaskCfg(env=self.env, eval_env=eval_env, play_env=play_env, agent=self.agent)


def derive_eval_env(env: ManagerBasedEnvCfg) -> ManagerBasedEnvCfg:
    """Return `env` without what disturbs a measurement: noise, delays, pushes, randomisation, a curriculum."""
    derived = deepcopy(env)
    for group in derived.observations.values():
        group.corrupt = False
        for term in group.terms.values():
            term.latency = (0, 0)
    derived.simulation.shards = 1  # metrics and films look into the environment
    derived.action_noise_std = 0.0
    derived.action_delay = (0, 0)
    derived.events = {
        name: event
        for name, event in derived.events.items()
        if event.mode == "reset" and not is_randomization(event.func)
    }
    if isinstance(derived, ManagerBasedRlEnvCfg):
        derived.curriculum = {}
        derived.random_initial_episode_length = False
    return derived


def derive_play_env(eval_env: ManagerBasedEnvCfg) -> ManagerBasedEnvCfg:
    """Return `eval_env` with a single env and the viewer on."""
    derived = deepcopy(eval_env)
    derived.simulation.num_envs = 1
    derived.simulation.vis = True
    return derived
