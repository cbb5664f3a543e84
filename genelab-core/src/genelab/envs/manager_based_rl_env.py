"""The reinforcement-learning environment: the order of a step is written here, and only here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.envs.manager_based_env import ManagerBasedEnv
from genelab.envs.nan_guard import NanGuard
from genelab.envs.vec_env import Step, StepView
from genelab.managers.curriculum_manager import CurriculumManager
from genelab.managers.metric_manager import MetricManager
from genelab.managers.random_streams import Rows
from genelab.managers.reward_manager import RewardManager
from genelab.sim.scene import Scene


class ManagerBasedRlEnv(ManagerBasedEnv):
    """Batched environment with same-step autoreset; implements `genelab.envs.vec_env.VecEnv`.

    Terms publish success by assigning `env.success`, bool `(num_envs,)`, in each step; it comes out as
    `extras["is_success"]`.
    """

    cfg: ManagerBasedRlEnvCfg
    success: torch.Tensor | None

    def __init__(
        self,
        cfg: ManagerBasedRlEnvCfg,
        *,
        render_envs: int = 0,
        dump_dir: Path | None = None,
        rows: Rows | None = None,
        scene: Scene | None = None,
    ) -> None:
        self.strata = cfg.strata
        super().__init__(cfg, render_envs=render_envs, rows=rows, scene=scene)
        self.nan_guard.dump_dir = dump_dir

    def _make_managers(self) -> None:
        cfg = self.cfg
        super()._make_managers(cfg.commands, cfg.terminations)
        scale = cfg.step_dt if cfg.scale_rewards_by_dt else 1.0
        self.reward_manager = RewardManager(cfg.rewards, self, scale=scale, episode_length_s=cfg.episode_length_s)
        self.curriculum_manager = CurriculumManager(cfg.curriculum, self)
        self.metric_manager = MetricManager(cfg.metrics, self)
        self.nan_guard = NanGuard(self, self.reward_manager, cfg.max_nan_reset_rate)

    def step(self, actions: torch.Tensor) -> Step:
        """Advance one control step; see `VecEnv.step`.

        Order: action, physics (with entity state forgotten after it), counters, terminations, rewards, metrics,
        terminal observation, reset of finished envs, commands, interval events, observations.
        """
        self._advance(actions)

        self.termination_manager.compute()
        reward = self.reward_manager.compute()
        self.metric_manager.compute()
        reward, broken = self.nan_guard.inspect(actions, reward)
        terminated, truncated = self.termination_manager.terminated, self.termination_manager.truncated
        if not self.nan_guard.known_clean(broken):
            terminated, truncated = terminated | broken, truncated & ~broken
        done = terminated | truncated

        view = StepView(self, actions, reward, terminated, truncated, self.success)
        for observe in self.step_observers:
            observe(view)
        extras: dict[str, Any] = {"nan_reset": broken, "termination_terms": self.termination_manager.by_name()}
        if self.success is not None:
            extras["is_success"] = self.success

        reset: torch.Tensor | None = None
        if not self.nobody(done):
            reset = done
            extras["final_obs"] = self._as_asked(self.nan_guard.clean(self.observation_manager.compute(), broken))
            extras["draws"] = self._draws()
            self.random.next_episode(done)
            with self.random.resets():
                self._reset(done, extras)
            if self.random.evaluation:
                extras["init_hash"] = self._init_hashes(done)

        self.command_manager.compute(self.step_dt)
        self.event_manager.interval()
        self._observation = self.observation_manager.compute(advance=reset is None, reset=reset)
        return self.get_observations(), reward, terminated, truncated, extras

    def _draws(self) -> dict[str, torch.Tensor]:
        """Return what randomisation drew for the episodes that run now; see `VecEnv.step`.

        Names are those of event terms (`"friction"`, `"com.x"`), `"action_delay"` and `"latency/<group>/<term>"`.
        """
        draws = dict(self.event_manager.draws)
        if self.action_manager.delay is not None:
            draws["action_delay"] = self.action_manager.delay.lag.float()
        for name, delay in self.observation_manager.delays().items():
            draws[f"latency/{name}"] = delay.lag.float()
        return draws

    def _reset(self, mask: torch.Tensor, extras: dict[str, Any]) -> None:
        log: dict[str, Any] = self.curriculum_manager.compute(mask)
        weights = mask.to(torch.float32)
        weights = weights / weights.sum().clamp(min=1.0)
        for manager in (self.reward_manager, self.termination_manager, self.metric_manager):
            log.update(manager.reset(mask, weights))
        extras["log"] = log
        super()._reset(mask, extras)
        self.command_manager.reset(mask)
        if self.success is not None:
            self.success = self.success & ~mask

    def _start_episodes(self) -> None:
        if self.cfg.random_initial_episode_length and not self.random.evaluation:
            steps = self.random.integers("initial_episode_length", 0, self.max_episode_length - 1)
            self.episode_length_buf = steps

    def describe_deployment(self) -> dict[str, Any]:
        return {
            **super().describe_deployment(),
            "commands": self.command_manager.describe(),
            "terminations": self.termination_manager.describe(),
            "episode_length_s": self.cfg.episode_length_s,
        }

    def _stateful_managers(self) -> dict[str, Any]:
        return {
            **super()._stateful_managers(),
            "command": self.command_manager,
            "reward": self.reward_manager,
            "termination": self.termination_manager,
            "curriculum": self.curriculum_manager,
            "metric": self.metric_manager,
        }
