"""GeneLab's vector environment in the form that rsl_rl expects."""

from __future__ import annotations

from typing import Any

import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

from genelab.envs.vec_env import VecEnv as GenelabVecEnv
from genelab.rl.config import require_groups
from genelab.utils.errors import GenelabError


class RslRlVecEnv(VecEnv):
    """Resets the environment once, then hands out observations as a TensorDict, `(num_envs, dim)` for each group.

    Only the groups that are asked for are passed on, because the rollout storage keeps every one it sees.

    Args:
        env: Environment to wrap.
        groups: Observation groups that the agent reads.
        clip_actions: Bound on |action| before it reaches the environment.

    Raises:
        UsageError: if the environment has no such group.
    """

    device: torch.device

    def __init__(self, env: GenelabVecEnv, groups: tuple[str, ...], clip_actions: float | None = None) -> None:
        require_groups(env.observation_layout.groups, groups, "agent.obs_groups")
        self.env = env
        self.groups = groups
        self.clip_actions = clip_actions
        self.num_envs = env.num_envs
        self.num_actions = env.action_dim
        self.max_episode_length = env.max_episode_length
        self.device = env.device
        self.cfg = env.cfg
        self._observations = self._select(env.reset()[0])

    @property
    def unwrapped(self) -> Any:
        return self.env.unwrapped

    @property
    def episode_length_buf(self) -> torch.Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.env.episode_length_buf

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:
        self.env.episode_length_buf = value

    def get_observations(self) -> TensorDict:
        """Return the observations of the last reset or step; nothing is computed again."""
        return self._observations

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Advance one control step.

        Args:
            actions: `(num_envs, num_actions)`; they are copied, so the environment may keep or change its own.

        Returns:
            Observations, reward `(num_envs,)`, done bool `(num_envs,)`, and extras: `"time_outs"` bool `(num_envs,)`
            (truncated and not terminated), `"log"`, and `"final_obs"` as a TensorDict when the environment gives it.

        Raises:
            GenelabError: if the environment returns the tensors of the step before: the storage copies observations
                only after the step, so it would keep those of the next step instead.
        """
        actions = actions.clone() if self.clip_actions is None else actions.clamp(-self.clip_actions, self.clip_actions)
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        before, self._observations = self._observations, self._select(observations)
        for name in self.groups:
            if self._observations[name].data_ptr() == before[name].data_ptr():
                raise GenelabError(
                    f"the environment returned the same tensor for observation group {name!r} in two steps",
                    where=type(self.env).__name__,
                    fix="return fresh tensors from step(), as genelab.envs.vec_env.VecEnv requires",
                )
        extras = {"time_outs": truncated & ~terminated, "log": info.get("log", {})}
        if "final_obs" in info:
            extras["final_obs"] = self._select(info["final_obs"])
        return self._observations, rewards, terminated | truncated, extras

    def state_dict(self) -> dict[str, Any]:
        """Return the environment's state and the last observations."""
        return {"env": self.env.state_dict(), "observations": dict(self._observations.items())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.env.load_state_dict(state["env"])
        self._observations = self._select(
            {name: value.to(self.device) for name, value in state["observations"].items()}
        )

    def _select(self, observations: dict[str, torch.Tensor]) -> TensorDict:
        return TensorDict({name: observations[name] for name in self.groups}, batch_size=[self.num_envs])
