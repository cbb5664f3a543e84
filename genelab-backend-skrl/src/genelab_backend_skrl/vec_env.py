"""GeneLab's vector environment in the form that skrl's agents expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch

from genelab.rl.config import require_groups
from genelab.utils.errors import GenelabError

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation, VecEnv


def spaces_of(env: VecEnv, obs_groups: tuple[str, ...], state_groups: tuple[str, ...]) -> dict[str, Any]:
    """Return the keyword arguments that skrl's models take: spaces of a single env, and the device.

    Actions lie in [-1, 1]: policies with tanh cover it, Gaussian ones may go beyond.
    """
    layout = env.observation_layout
    observation_dim, state_dim = (
        sum(layout.groups[name].dim for name in groups) for groups in (obs_groups, state_groups)
    )
    return {
        "observation_space": gymnasium.spaces.Box(-np.inf, np.inf, (observation_dim,), np.float32),
        "state_space": gymnasium.spaces.Box(-np.inf, np.inf, (state_dim,), np.float32),
        "action_space": gymnasium.spaces.Box(-1.0, 1.0, env.single_action_space.shape, np.float32),
        "device": env.device,
    }


@dataclass(frozen=True)
class Transition:
    """What one step led to, in the names of `Agent.record_transition`.

    Attributes:
        next_observations: `(num_envs, dim)`; where an episode ended its terminal observation, before the reset.
        next_states: The same of the critic.
        rewards: `(num_envs, 1)`, a copy, because agents add bootstrapped values to it.
        terminated: Bool `(num_envs, 1)`.
        truncated: Bool `(num_envs, 1)`, never together with `terminated`.
        log: The environment's own scalars.
    """

    next_observations: torch.Tensor
    next_states: torch.Tensor
    rewards: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    log: dict[str, Any]


class SkrlVecEnv:
    """Resets the environment once, then keeps the present observations.

    Args:
        env: Environment to wrap.
        obs_groups: Groups that the policy reads, side by side.
        state_groups: Groups that the critic reads, side by side.
        clip_actions: Bound on |action| before it reaches the environment.

    Attributes:
        observations: What the policy sees now, `(num_envs, dim)`.
        states: What the critic sees now, `(num_envs, dim)`.

    Raises:
        UsageError: if the environment has no such group.
    """

    def __init__(
        self, env: VecEnv, obs_groups: tuple[str, ...], state_groups: tuple[str, ...], clip_actions: float | None
    ) -> None:
        require_groups(env.observation_layout.groups, obs_groups, "agent.obs_group")
        require_groups(env.observation_layout.groups, state_groups, "agent.state_group")
        self.env = env
        self.obs_groups, self.state_groups = obs_groups, state_groups
        self.clip_actions = clip_actions
        self.num_envs, self.device = env.num_envs, env.device
        self.observations, self.states = self._select(env.reset()[0])

    def step(self, actions: torch.Tensor) -> Transition:
        """Advance one control step; `actions` `(num_envs, action_dim)` are copied, not changed.

        Raises:
            GenelabError: if an episode was truncated and the environment does not say where it ended.
        """
        actions = actions.clone() if self.clip_actions is None else actions.clamp(-self.clip_actions, self.clip_actions)
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        truncated = truncated & ~terminated
        self.observations, self.states = self._select(observations)
        next_observations, next_states = self.observations, self.states
        if "final_obs" in info:
            final_observations, final_states = self._select(info["final_obs"])
            done = (terminated | truncated)[:, None]
            next_observations = torch.where(done, final_observations, next_observations)
            next_states = torch.where(done, final_states, next_states)
        elif bool(truncated.any()):
            raise GenelabError(
                "the environment truncated an episode without giving its terminal observation",
                where=type(self.env).__name__,
                fix='return extras["final_obs"] in each step in which an env finishes',
            )
        return Transition(
            next_observations,
            next_states,
            rewards.clone()[:, None],
            terminated[:, None],
            truncated[:, None],
            info.get("log", {}),
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the environment's state and the present observations."""
        return {"env": self.env.state_dict(), "observations": self.observations, "states": self.states}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.env.load_state_dict(state["env"])
        self.observations = state["observations"].to(self.device)
        self.states = state["states"].to(self.device)

    def _select(self, observations: Observation) -> tuple[torch.Tensor, torch.Tensor]:
        return _side_by_side(observations, self.obs_groups), _side_by_side(observations, self.state_groups)


def _side_by_side(observations: Observation, groups: tuple[str, ...]) -> torch.Tensor:
    if len(groups) == 1:
        return observations[groups[0]]
    return torch.cat([observations[name] for name in groups], dim=-1)
