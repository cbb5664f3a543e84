"""GeneLab's vector environment in the form that Stable-Baselines3 expects: numpy on the host."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.vec_env import VecEnv

from genelab.envs.vec_env import VecEnv as GenelabVecEnv
from genelab.rl.rollout_metrics import RolloutMetrics
from genelab.utils.errors import GenelabError
from genelab_backend_sb3.config import Sb3AgentCfg
from genelab_backend_sb3.networks import GOAL_KEYS, action_space, observation_space

Observations = Any
"""`(num_envs, dim)`, or with HER a dict of such arrays by `GOAL_KEYS`."""

_RUNNING: Any = MappingProxyType({})
_TIMED_OUT: Any = MappingProxyType({"TimeLimit.truncated": True})


class Sb3VecEnv(VecEnv):
    """Hands out host arrays of its own, transferred from the device in one piece for each step.

    The dicts of information about each env are shared and say only whether its episode was cut off; everything else
    that the library reads from them is done here, or by `genelab_backend_sb3.algorithms`, for all envs at once.

    Args:
        env: Environment to wrap.
        agent: Says which groups are read and how large actions may be.

    Attributes:
        metrics: Returns, lengths and the environment's log, of all steps since they were last read.
        terminal_value: Set by algorithms without a replay buffer: the discounted value `(k,)` of `k` terminal
            observations, which is added to the rewards of episodes that the time limit cut off.
        finite: What passed through, and whether it was finite so far.

    Raises:
        UsageError: if the environment lacks a group that the agent reads.
    """

    def __init__(self, env: GenelabVecEnv, agent: Sb3AgentCfg) -> None:
        self.env = env
        self.metrics = RolloutMetrics(env.num_envs, env.device)
        self.terminal_value: Callable[[Observations], np.ndarray] | None = None
        self.finite = {"an action": True, "an observation": True, "a reward": True}
        self._groups = agent.groups
        self._with_goals = agent.her.enabled
        self._compute_reward = agent.her.compute_reward
        self._actions = np.zeros(0, dtype=np.float32)
        self._dones = np.zeros(env.num_envs, dtype=bool)
        self._terminal: Observations = None
        action_dim = env.action_dim
        super().__init__(
            env.num_envs, observation_space(agent, env.observation_layout), action_space(agent, action_dim)
        )

    def reset(self) -> Observations:
        observations, _ = self.env.reset()
        return self._arrange(_to_host([observations[name] for name in self._groups]))

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[Observations, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Advance one control step.

        Returns:
            Observations after the reset of finished envs, reward float32 `(num_envs,)`, done bool `(num_envs,)`, and
            for each env a read-only dict with `"TimeLimit.truncated"` if the time limit ended its episode.

        Raises:
            GenelabError: if the environment ends an episode without giving its terminal observation.
        """
        actions = torch.tensor(self._actions, dtype=torch.float32, device=self.env.device)
        observations, reward, terminated, truncated, extras = self.env.step(actions)
        done = terminated | truncated
        parts = [observations[name] for name in self._groups]
        final = extras.get("final_obs")
        terminal = [] if final is None else [final[name] for name in self._groups]
        success = extras.get("is_success", torch.zeros_like(done))
        width = len(parts)
        arrays = _to_host([*parts, *terminal, reward, done, truncated & ~terminated, success])
        rewards, dones, time_outs = arrays[-4], arrays[-3] > 0, arrays[-2] > 0
        log = extras.get("log", {})
        if "is_success" in extras and dones.any():
            log = {**log, "Train/success_rate": float(arrays[-1][dones].mean())}
        self.metrics.record(reward, done, log)
        self._check(arrays[:width], rewards)
        self._dones = dones
        self._terminal = self._arrange(arrays[width:-4]) if terminal else None
        if not terminal and dones.any():
            raise GenelabError(
                "the environment ended an episode without giving its terminal observation",
                fix='return extras["final_obs"] in each step in which an env finishes',
            )
        if self.terminal_value is not None and time_outs.any():
            rewards[time_outs] += self.terminal_value(_rows(self._terminal, time_outs))
        return self._arrange(arrays[:width]), rewards, dones, shared_infos(time_outs)

    def successors(self, observations: Observations) -> Observations:
        """Return the observations that the last actions led to: `observations`, and terminal ones of finished envs."""
        if not self._dones.any():
            return observations
        if self._with_goals:
            return {key: self._merged(observations[key], self._terminal[key]) for key in GOAL_KEYS}
        return self._merged(observations, self._terminal)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Compute rewards of relabelled goals, in numpy; the library calls no other method."""
        if method_name != "compute_reward" or self._compute_reward is None:
            raise AttributeError(f"the environment has no method {method_name!r} here")
        achieved, desired, _ = args
        reward = self._compute_reward(torch.from_numpy(achieved), torch.from_numpy(desired), {})
        return [np.asarray(reward, dtype=np.float32)]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        if attr_name != "render_mode":
            raise AttributeError(f"the environment has no attribute {attr_name!r} here")
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise AttributeError(f"the environment has no attribute {attr_name!r} here")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs

    def close(self) -> None:
        """Leave the environment open: whoever made it closes it."""

    def _arrange(self, groups: list[np.ndarray]) -> Observations:
        if self._with_goals:
            return dict(zip(GOAL_KEYS, groups, strict=True))
        return groups[0] if len(groups) == 1 else np.concatenate(groups, axis=1)

    def _merged(self, observations: np.ndarray, terminal: np.ndarray) -> np.ndarray:
        return np.where(self._dones[:, None], terminal, observations)

    def _check(self, observations: list[np.ndarray], rewards: np.ndarray) -> None:
        self.finite["an action"] &= bool(np.isfinite(self._actions).all())
        self.finite["an observation"] &= all(bool(np.isfinite(group).all()) for group in observations)
        self.finite["a reward"] &= bool(np.isfinite(rewards).all())


def shared_infos(time_outs: np.ndarray) -> list[dict[str, Any]]:
    """Return the library's dicts of information for envs whose episodes the time limit ended or not, `(num_envs,)`."""
    if not time_outs.any():
        return [_RUNNING] * len(time_outs)
    return [_TIMED_OUT if time_out else _RUNNING for time_out in time_outs.tolist()]


def _to_host(tensors: list[torch.Tensor]) -> list[np.ndarray]:
    """Copy tensors into one block on the host, with one transfer, and return float32 views of it in their shapes."""
    block = torch.cat([tensor.reshape(-1).float() for tensor in tensors]).cpu().numpy()
    ends = np.cumsum([tensor.numel() for tensor in tensors])[:-1]
    return [part.reshape(tensor.shape) for part, tensor in zip(np.split(block, ends), tensors, strict=True)]


def _rows(observations: Observations, rows: np.ndarray) -> Observations:
    if isinstance(observations, dict):
        return {key: value[rows] for key, value in observations.items()}
    return observations[rows]
