"""A vector environment without physics, whose returns and success probability are known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch

from genelab.config import ManagerBasedRlEnvCfg, SimulationCfg
from genelab.envs.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.envs.random_streams import RandomStreams
from genelab.envs.vec_env import StepView

_STATE = ("episode_length_buf", "_goal", "_failure_step", "_history", "_critic")


class FakeVecEnv:
    """Follow a goal that each episode draws; some episodes fail at a random step, whatever the policy does.

    The reward of a step is `reward_per_step - action_cost * mean((action - goal)²)`. So with `action_cost=0` an episode of
    k steps returns `k * reward_per_step` for every policy, and otherwise that is what a perfect policy gets.
    An episode is a failure with probability `1 - success_probability`: it terminates at a step drawn uniformly from
    `failure_steps`, unless the time limit comes first. All others are truncated at `max_episode_length` and report success
    in their last step.

    The group `policy` has the terms `goal` (times 10; seen through scale and clip), `progress` (control steps) and
    `distraction` (redrawn each step); the group `critic` has `goal` and `steps_left`. Observations differ greatly before
    and after scale and clip, so code that mixes up the two is found out.

    Args:
        num_envs: Envs.
        success_probability: `None` for a task that reports no success; no episode fails then.
        failure_steps: First and last step at which a failure may end its episode.
        max_episode_length: Time limit, control steps.
        action_dim: Width of action and goal.
        reward_per_step: Reward of a perfect action.
        action_cost: Weight of the squared distance from the goal.
        cue_steps: Steps for which an episode shows its goal, afterwards zeros (a task for memory); `None` for all.
        history_length: Frames that the group `policy` stacks.
        nan_episodes: Episode indices (evaluation only) whose last reward is NaN and that end at step 3 by a NaN reset.
        strata: As `ManagerBasedRlEnvCfg.strata`; they change nothing but the plan.
        seed: Base seed.
        device: Where tensors live.
    """

    def __init__(
        self,
        num_envs: int,
        *,
        success_probability: float | None = 0.8,
        failure_steps: tuple[int, int] = (20, 200),
        max_episode_length: int = 1000,
        action_dim: int = 2,
        reward_per_step: float = 1.0,
        action_cost: float = 1.0,
        cue_steps: int | None = None,
        history_length: int = 1,
        nan_episodes: tuple[int, ...] = (),
        strata: dict[str, int] | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.num_envs, self.max_episode_length = num_envs, max_episode_length
        self.device = torch.device(device)
        self.step_dt = 0.02
        self.cfg = ManagerBasedRlEnvCfg(
            simulation=SimulationCfg(dt=self.step_dt, num_envs=num_envs),
            decimation=1,
            episode_length_s=max_episode_length * self.step_dt,
            seed=seed,
            strata=strata or {},
        )
        self.success_probability, self.failure_steps = success_probability, failure_steps
        self.reward_per_step, self.action_cost = reward_per_step, action_cost
        self.cue_steps = cue_steps
        self.raw_observations = False
        self.step_observers: list[Callable[[StepView], None]] = []
        self.observation_layout = _layout(action_dim, max_episode_length, history_length)
        self.single_observation_space = gymnasium.spaces.Dict(
            {
                name: gymnasium.spaces.Box(-np.inf, np.inf, (group.dim,), np.float32)
                for name, group in self.observation_layout.groups.items()
            }
        )
        self.single_action_space = gymnasium.spaces.Box(-1.0, 1.0, (action_dim,), np.float32)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self.random = RandomStreams(num_envs, self.device, seed, strata)
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long, device=self.device)
        self._nan_episodes = torch.tensor(nan_episodes, dtype=torch.long, device=self.device)
        self._goal = torch.zeros(num_envs, action_dim, device=self.device)
        self._failure_step = torch.zeros(num_envs, dtype=torch.long, device=self.device)
        frame_dim = self.observation_layout.groups["policy"].frame_dim
        self._history = torch.zeros(num_envs, history_length, frame_dim, device=self.device)
        self._critic = torch.zeros(num_envs, action_dim + 1, device=self.device)

    @property
    def unwrapped(self) -> FakeVecEnv:
        return self

    @property
    def episode_index(self) -> torch.Tensor:
        """In evaluation, the episode that each env runs, int64 `(num_envs,)`."""
        return self.random.episode_index

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Reset every env; see `VecEnv.reset`."""
        if seed is not None:
            self.random.reseed(seed)
        evaluation = bool((options or {}).get("evaluation", False))
        if evaluation:
            self.random.begin_evaluation()
        else:
            self.random.end_evaluation()
        everyone = torch.ones(self.num_envs, dtype=torch.bool, device=self.device)
        self._start_episodes(everyone)
        self._observe(everyone)
        return self.get_observations(), {"init_hash": self._hashes(range(self.num_envs))} if evaluation else {}

    def step(
        self, actions: torch.Tensor
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Advance one step; see `VecEnv.step`."""
        self.episode_length_buf = self.episode_length_buf + 1
        nan_reset = self._nan_reset()
        failed = self.episode_length_buf == self._failure_step
        terminated = failed | nan_reset
        truncated = (self.episode_length_buf >= self.max_episode_length) & ~terminated
        done = terminated | truncated
        distance = (actions - self._goal).square().mean(dim=1)
        reward = self.reward_per_step - self.action_cost * distance
        reward = torch.where(nan_reset, torch.full_like(reward, torch.nan), reward)
        success = None if self.success_probability is None else truncated
        for observer in self.step_observers:
            observer(StepView(self, actions, reward, terminated, truncated, success))
        extras: dict[str, Any] = {
            "termination_terms": {"failed": failed, "time_out": truncated},
            "nan_reset": nan_reset,
        }
        if success is not None:
            extras["is_success"] = success
        nobody = torch.zeros_like(done)
        self._observe(nobody)
        if done.any():
            extras["final_obs"] = self.get_observations()
            extras["log"] = {
                "Episode_Termination/failed": failed[done].float().mean(),
                "Metrics/goal_distance": distance[done].mean(),
            }
            self.random.next_episode(done)
            self._start_episodes(done)
            self._observe(done, only=done)
        if self.random.evaluation:
            slots = done.nonzero().flatten().tolist()
            extras["init_hash"] = dict(zip(slots, self._hashes(slots), strict=True))
        return self.get_observations(), reward, terminated, truncated, extras

    def get_observations(self) -> dict[str, torch.Tensor]:
        """Return the present observations again, by group, each `(num_envs, dim)`."""
        raw = {"policy": self._history.flatten(1), "critic": self._critic}
        if self.raw_observations:
            return {name: value.clone() for name, value in raw.items()}
        return {name: _scaled(value, self.observation_layout.groups[name]) for name, value in raw.items()}

    def perfect_action(self) -> torch.Tensor:
        """Return the actions with the highest reward, `(num_envs, action_dim)`."""
        return self._goal.clone()

    def render(self, index: int = 0) -> np.ndarray:
        """Return an image of env `index`, uint8 (48, 64, 3): brightness is the share of the episode that is over."""
        share = int(self.episode_length_buf[index]) / self.max_episode_length
        return np.full((48, 64, 3), round(255 * share), dtype=np.uint8)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the future depends on."""
        return {"random": self.random.state_dict(), **{name: getattr(self, name).clone() for name in _STATE}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.random.load_state_dict(state["random"])
        for name in _STATE:
            setattr(self, name, state[name].to(self.device, copy=True))

    def describe_actuation(self) -> None:
        """Return `None`: there are no joints."""

    def close(self) -> None:
        """Do nothing; there is nothing to close."""

    def _start_episodes(self, mask: torch.Tensor) -> None:
        goal = self.random.uniform("goal", self._goal.shape[1], mask, low=-1.0, high=1.0)
        self._goal = torch.where(mask[:, None], goal, self._goal)
        failure = self.random.integers("failure_step", *self.failure_steps, mask)
        fails = self.random.uniform("outcome", 1, mask)[:, 0] >= _or_one(self.success_probability)
        failure = torch.where(fails, failure, torch.full_like(failure, -1))
        self._failure_step = torch.where(mask, failure, self._failure_step)
        self.episode_length_buf = torch.where(mask, 0, self.episode_length_buf)

    def _observe(self, started: torch.Tensor, only: torch.Tensor | None = None) -> None:
        """Compute frames of the envs in `only` (or all); envs in `started` begin a new history."""
        steps = self.episode_length_buf[:, None].float()
        shown = self._goal if self.cue_steps is None else self._goal * (steps < self.cue_steps)
        distraction = self.random.uniform("distraction", 2, only, low=-5.0, high=5.0)
        frame = torch.cat([10.0 * shown, steps, distraction], dim=1)[:, None]
        history = torch.cat([self._history[:, 1:], frame], dim=1)
        history = torch.where(started[:, None, None], frame.expand_as(history), history)
        critic = torch.cat([self._goal, self.max_episode_length - steps], dim=1)
        if only is not None:
            history = torch.where(only[:, None, None], history, self._history)
            critic = torch.where(only[:, None], critic, self._critic)
        self._history, self._critic = history, critic

    def _nan_reset(self) -> torch.Tensor:
        ill = torch.isin(self.episode_index, self._nan_episodes)
        return ill & (self.episode_length_buf == 3) & self.random.evaluation

    def _hashes(self, slots: Any) -> list[str]:
        start = torch.cat([self._goal.double(), self._failure_step[:, None].double()], dim=1).cpu().numpy()
        return [hashlib.blake2b(start[slot].tobytes(), digest_size=8).hexdigest() for slot in slots]


def _layout(action_dim: int, max_episode_length: int, history_length: int) -> ObservationLayout:
    goal = TermLayout("goal", action_dim, (0.1,) * action_dim, (-0.9, 0.9))
    progress = TermLayout("progress", 1, (1.0 / max_episode_length,))
    distraction = TermLayout("distraction", 2, (0.2, 0.1), (-0.8, 0.8))
    steps_left = TermLayout("steps_left", 1, (1.0 / max_episode_length,))
    seen = TermLayout("goal", action_dim, (1.0,) * action_dim)
    return ObservationLayout(
        {
            "policy": GroupLayout("policy", (goal, progress, distraction), history_length),
            "critic": GroupLayout("critic", (seen, steps_left)),
        }
    )


def _scaled(value: torch.Tensor, group: GroupLayout) -> torch.Tensor:
    bounds = [limits or (-np.inf, np.inf) for limits in group.clip()]
    low, high = torch.tensor(bounds, dtype=value.dtype, device=value.device).T
    scaled = value * torch.tensor(group.scale(), dtype=value.dtype, device=value.device)
    return torch.maximum(torch.minimum(scaled, high), low)


def _or_one(probability: float | None) -> float:
    return 1.0 if probability is None else probability
