"""The task of the fake environment: its observation terms and its config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from genelab.config import ManagerBasedRlEnvCfg, ObservationGroupCfg, ObservationTermCfg, SimulationCfg
from genelab.utils.lazy import torch
from genelab.utils.strata import Bins

if TYPE_CHECKING:
    from genelab.managers.random_streams import RandomStreams

STEP_DT = 0.02


class FakeTermEnv(Protocol):
    """What the terms read of `FakeVecEnv`."""

    max_episode_length: int
    episode_length_buf: torch.Tensor
    random: RandomStreams
    goal: torch.Tensor
    cue_steps: int | None
    observed: torch.Tensor | None


def fake_env_cfg(
    num_envs: int, *, max_episode_length: int, history_length: int, strata: dict[str, Bins], seed: int
) -> ManagerBasedRlEnvCfg:
    """Return the config that `FakeVecEnv` computes its observations from."""
    per_episode = 1.0 / max_episode_length
    return ManagerBasedRlEnvCfg(
        simulation=SimulationCfg(dt=STEP_DT, num_envs=num_envs),
        decimation=1,
        episode_length_s=max_episode_length * STEP_DT,
        seed=seed,
        strata=strata,
        observations={
            "policy": ObservationGroupCfg(
                history_length=history_length,
                terms={
                    "goal": ObservationTermCfg(func=shown_goal, scale=0.1, clip=(-0.9, 0.9)),
                    "progress": ObservationTermCfg(func=progress, scale=per_episode),
                    "distraction": ObservationTermCfg(func=distraction, scale=(0.2, 0.1), clip=(-0.8, 0.8)),
                },
            ),
            "critic": ObservationGroupCfg(
                terms={
                    "goal": ObservationTermCfg(func=goal),
                    "steps_left": ObservationTermCfg(func=steps_left, scale=per_episode),
                }
            ),
        },
    )


def goal(env: FakeTermEnv) -> torch.Tensor:
    """Goal of the episode, `(num_envs, action_dim)`, in [-1, 1]."""
    return env.goal


def shown_goal(env: FakeTermEnv) -> torch.Tensor:
    """Ten times the goal while it is shown, afterwards zeros, `(num_envs, action_dim)`."""
    if env.cue_steps is None:
        return 10.0 * env.goal
    return 10.0 * env.goal * (env.episode_length_buf < env.cue_steps)[:, None]


def progress(env: FakeTermEnv) -> torch.Tensor:
    """Control steps since the reset, `(num_envs, 1)`."""
    return env.episode_length_buf[:, None].float()


def steps_left(env: FakeTermEnv) -> torch.Tensor:
    """Control steps until the time limit, `(num_envs, 1)`."""
    return env.max_episode_length - env.episode_length_buf[:, None].float()


def distraction(env: FakeTermEnv) -> torch.Tensor:
    """Numbers in [-5, 5) that are redrawn in each step and mean nothing, `(num_envs, 2)`."""
    return env.random.uniform("distraction", 2, env.observed, low=-5.0, high=5.0)
