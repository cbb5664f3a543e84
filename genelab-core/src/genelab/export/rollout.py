"""A short recorded rollout: the observations on which an exported file must act as the live actor does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genelab.rl.hidden_states import HiddenStates
from genelab.rl.policy import ActorPolicy, flatten_observations
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.backends.base import InferenceSetup, RecurrentSpec


@dataclass(frozen=True)
class Rollout:
    """What the actor saw, on the CPU.

    Attributes:
        raw: Observations before scale and clip, `(steps, num_envs, obs_dim)`.
        scaled: The same observations as the environment scales and clips them for training, same shape.
        forget: Bool `(steps, num_envs)`: the hidden state is zeroed before this step.
    """

    raw: torch.Tensor
    scaled: torch.Tensor
    forget: torch.Tensor


def record_rollout(setup: InferenceSetup, env: VecEnv, *, steps: int, seed: int) -> Rollout:
    """Let the deterministic actor run and record it.

    Finished envs forget; half-way, every other env forgets as well, so that a recurrent policy is always checked
    across a reset.
    """
    policy = ActorPolicy(setup, env.observation_layout)
    before = env.raw_observations
    env.raw_observations = True
    try:
        raw, scaled, forget = [], [], []
        observations, _ = env.reset(seed=seed)
        forgetting = torch.ones(env.num_envs, dtype=torch.bool)
        for step in range(steps):
            if step == steps // 2:
                forgetting = forgetting | (torch.arange(env.num_envs) % 2 == 0)
            raw.append(flatten_observations(observations, setup.obs_groups).cpu())
            scaled.append(_as_in_training(env, setup.obs_groups))
            forget.append(forgetting)
            policy.reset(forgetting)
            observations, _, terminated, truncated, _ = env.step(policy(observations))
            forgetting = (terminated | truncated).cpu()
    finally:
        env.raw_observations = before
    return Rollout(torch.stack(raw), torch.stack(scaled), torch.stack(forget))


def _as_in_training(env: VecEnv, groups: tuple[str, ...]) -> torch.Tensor:
    env.raw_observations = False
    try:
        return flatten_observations(env.get_observations(), groups).cpu()
    finally:
        env.raw_observations = True


def replay(
    act: Callable[..., Any], observations: torch.Tensor, forget: torch.Tensor, recurrent: RecurrentSpec | None
) -> torch.Tensor:
    """Return the actions `(steps, num_envs, action_dim)` of `act(obs, *states)` over recorded observations."""
    states, actions = HiddenStates(recurrent), []
    with torch.no_grad():
        for obs, forgetting in zip(observations, forget, strict=True):
            states.reset(forgetting)
            output = act(obs, *states.get(obs.shape[0], obs.device))
            action, *after = output if isinstance(output, tuple | list) else (output,)
            states.put(tuple(after))
            actions.append(action)
    return torch.stack(actions)
