"""A vector environment without physics, whose returns and success probability are known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from genelab.config import ManagerBasedRlEnvCfg
from genelab.envs.vec_env import Observation, Step, StepView, box_spaces
from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.managers.random_streams import RandomStreams
from genelab.testing.fake_task import distraction, fake_env_cfg, goal, progress, shown_goal, steps_left
from genelab.utils.strata import Bins

_STATE = ("episode_length_buf", "goal", "_failure_step")


class FakeVecEnv:
    """Follow a goal that each episode draws; some episodes fail at a random step, whatever the policy does.

    The reward of a step is `reward_per_step - action_cost * mean((action - goal)²)`. So with `action_cost=0` an episode
    of k steps returns `k * reward_per_step` for every policy, and otherwise that is what a perfect policy gets.
    An episode is a failure with probability `1 - success_probability`: it terminates at a step drawn uniformly from
    `failure_steps`, unless the time limit comes first. All others are truncated at `max_episode_length` and report
    success in their last step.

    The group `policy` has the terms `goal` (times 10; seen through scale and clip), `progress` (control steps) and
    `distraction` (redrawn each step); the group `critic` has `goal` and `steps_left`. Observations differ greatly
    before and after scale and clip, so code that mixes up the two is found out.

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

    Attributes:
        goal: What the present episodes ask for, `(num_envs, action_dim)`.
        observed: Envs whose observations are being computed, bool `(num_envs,)`; `None` for all.
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
        strata: dict[str, Bins] | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.num_envs, self.action_dim, self.max_episode_length = num_envs, action_dim, max_episode_length
        self.device = torch.device(device)
        self.cfg = fake_env_cfg(
            num_envs,
            max_episode_length=max_episode_length,
            history_length=history_length,
            strata=strata or {},
            seed=seed,
        )
        self.step_dt = self.cfg.step_dt
        self.success_probability, self.failure_steps = success_probability, failure_steps
        self.reward_per_step, self.action_cost = reward_per_step, action_cost
        self.cue_steps = cue_steps
        self.raw_observations = False
        self.step_observers: list[Callable[[StepView], None]] = []
        self.observation_layout = _layout(self.cfg, action_dim)
        self.single_observation_space, self.single_action_space = box_spaces(self.observation_layout, action_dim)
        self.random = RandomStreams(num_envs, self.device, seed, strata)
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long, device=self.device)
        self._nan_episodes = torch.tensor(nan_episodes, dtype=torch.long, device=self.device)
        self.goal = torch.zeros(num_envs, action_dim, device=self.device)
        self._failure_step = torch.zeros(num_envs, dtype=torch.long, device=self.device)
        self.observed: torch.Tensor | None = None
        self._frames = {
            name: torch.zeros(num_envs, group.history_length, group.frame_dim, device=self.device)
            for name, group in self.observation_layout.groups.items()
        }

    @property
    def unwrapped(self) -> FakeVecEnv:
        return self

    @property
    def episode_index(self) -> torch.Tensor:
        """In evaluation, the episode that each env runs, int64 `(num_envs,)`."""
        return self.random.episode_index

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
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

    def step(self, actions: torch.Tensor) -> Step:
        """Advance one step; see `VecEnv.step`."""
        self.episode_length_buf = self.episode_length_buf + 1
        nan_reset = self._nan_reset()
        failed = self.episode_length_buf == self._failure_step
        terminated = failed | nan_reset
        truncated = (self.episode_length_buf >= self.max_episode_length) & ~terminated
        done = terminated | truncated
        distance = (actions - self.goal).square().mean(dim=1)
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

    def get_observations(self) -> Observation:
        """Return the present observations again, by group, each `(num_envs, dim)`."""
        raw = {name: frames.flatten(1).clone() for name, frames in self._frames.items()}
        if self.raw_observations:
            return raw
        return {name: _scaled(value, self.observation_layout.groups[name]) for name, value in raw.items()}

    def perfect_action(self) -> torch.Tensor:
        """Return the actions with the highest reward, `(num_envs, action_dim)`."""
        return self.goal.clone()

    def render(self, index: int = 0) -> np.ndarray:
        """Return an image of env `index`, uint8 (48, 64, 3): brightness is the share of the episode that is over."""
        share = int(self.episode_length_buf[index]) / self.max_episode_length
        return np.full((48, 64, 3), round(255 * share), dtype=np.uint8)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the future depends on."""
        return {
            "random": self.random.state_dict(),
            "frames": {name: frames.clone() for name, frames in self._frames.items()},
            **{name: getattr(self, name).clone() for name in _STATE},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.random.load_state_dict(state["random"])
        self._frames = {name: frames.to(self.device, copy=True) for name, frames in state["frames"].items()}
        for name in _STATE:
            setattr(self, name, state[name].to(self.device, copy=True))

    def describe_actuation(self) -> None:
        """Return `None`: there are no joints."""

    def describe_deployment(self) -> None:
        """Return `None`: there is no physics."""

    def close(self) -> None:
        """Do nothing; there is nothing to close."""

    def _start_episodes(self, mask: torch.Tensor) -> None:
        goal = self.random.uniform("goal", self.goal.shape[1], mask, low=-1.0, high=1.0)
        self.goal = torch.where(mask[:, None], goal, self.goal)
        failure = self.random.integers("failure_step", *self.failure_steps, mask)
        fails = self.random.uniform("outcome", 1, mask)[:, 0] >= _or_one(self.success_probability)
        failure = torch.where(fails, failure, torch.full_like(failure, -1))
        self._failure_step = torch.where(mask, failure, self._failure_step)
        self.episode_length_buf = torch.where(mask, 0, self.episode_length_buf)

    def _observe(self, started: torch.Tensor, only: torch.Tensor | None = None) -> None:
        """Compute frames of the envs in `only` (or all); envs in `started` begin a new history."""
        self.observed = only
        for name, group in self.cfg.observations.items():
            frame = torch.cat([term.func(self, **term.params) for term in group.terms.values()], dim=1)[:, None]
            history = torch.cat([self._frames[name][:, 1:], frame], dim=1)
            history = torch.where(started[:, None, None], frame.expand_as(history), history)
            if only is not None:
                history = torch.where(only[:, None, None], history, self._frames[name])
            self._frames[name] = history

    def _nan_reset(self) -> torch.Tensor:
        ill = torch.isin(self.episode_index, self._nan_episodes)
        return ill & (self.episode_length_buf == 3) & self.random.evaluation

    def _hashes(self, slots: Any) -> list[str]:
        start = torch.cat([self.goal.double(), self._failure_step[:, None].double()], dim=1).cpu().numpy()
        return [hashlib.blake2b(start[slot].tobytes(), digest_size=8).hexdigest() for slot in slots]


def _layout(cfg: ManagerBasedRlEnvCfg, action_dim: int) -> ObservationLayout:
    widths = {shown_goal: action_dim, goal: action_dim, progress: 1, steps_left: 1, distraction: 2}
    groups = {}
    for name, group in cfg.observations.items():
        terms = []
        for term_name, term in group.terms.items():
            dim = widths[term.func]
            scale = term.scale if isinstance(term.scale, tuple) else (term.scale,) * dim
            terms.append(TermLayout(term_name, dim, scale, term.clip))
        groups[name] = GroupLayout(name, tuple(terms), group.history_length)
    return ObservationLayout(groups)


def _scaled(value: torch.Tensor, group: GroupLayout) -> torch.Tensor:
    bounds = [limits or (-np.inf, np.inf) for limits in group.clip()]
    low, high = torch.tensor(bounds, dtype=value.dtype, device=value.device).T
    scaled = value * torch.tensor(group.scale(), dtype=value.dtype, device=value.device)
    return torch.maximum(torch.minimum(scaled, high), low)


def _or_one(probability: float | None) -> float:
    return 1.0 if probability is None else probability
