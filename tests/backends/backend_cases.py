"""The three backends side by side, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import rslrl_runs
import sb3_runs
import skrl_runs
import torch

import genelab_backend_rslrl.weights
import genelab_backend_sb3.files
import genelab_backend_skrl.weights
from genelab.managers.observation_layout import GroupLayout, ObservationLayout, TermLayout
from genelab.rl.backends.base import Backend
from genelab.rl.checkpoint_files import CheckpointFiles
from genelab_backend_rslrl.backend import RslRlBackend
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_skrl.backend import SkrlBackend


@dataclass(frozen=True)
class Case:
    """A backend with small trainings.

    Attributes:
        unit: Iterations of its own that take 6 control steps and an update.
        env_steps: Environment steps of an iteration.
    """

    name: str
    library: str
    backend: type[Backend]
    runs: Any
    files: Callable[[Path], CheckpointFiles]
    unit: int
    env_steps: int

    def agent(self, *args: Any, **fields: Any) -> Any:
        return self.runs.small_agent(*args, **{"save_interval": self.unit, **fields})

    def train(self, folder: Path, units: int, *, agent: Any = None, **options: Any) -> Any:
        folder.mkdir(exist_ok=True)
        return self.runs.train(folder, units * self.unit, agent=agent or self.agent(), **options)

    def load(self, checkpoint: Path, agent: Any = None, env: Any = None) -> Any:
        return self.backend().load(checkpoint, agent or self.agent(), env or self.runs.small_env())


RSL_RL = Case("rsl_rl", "rsl-rl-lib", RslRlBackend, rslrl_runs, genelab_backend_rslrl.weights.checkpoint_files, 1, 48)
SB3 = Case("sb3", "stable-baselines3", Sb3Backend, sb3_runs, genelab_backend_sb3.files.Sb3Files, 48, 1)
SKRL = Case("skrl", "skrl", SkrlBackend, skrl_runs, genelab_backend_skrl.weights.checkpoint_files, 6, 8)
CASES = (RSL_RL, SB3, SKRL)


class Changed:
    """An environment that returns `change(*step)` instead of its own step, from step `first` on, counted from 0."""

    def __init__(self, env: Any, change: Callable[..., Any], first: int = 0) -> None:
        self.env, self.change, self.left = env, change, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self.env, name)

    def step(self, actions: torch.Tensor) -> Any:
        made = self.env.step(actions)
        self.left -= 1
        return made if self.left >= 0 else self.change(*made)


class CountingEnv:
    """Observes the steps since the reset. At the third step env 0 is truncated and env 1 terminated; 2 goes on."""

    num_envs, max_episode_length, action_dim, device, cfg = 3, 3, 1, torch.device("cpu"), None
    single_action_space = SimpleNamespace(shape=(1,))
    observation_layout = ObservationLayout({"policy": GroupLayout("policy", (TermLayout("steps", 1, (1.0,)),))})

    def __init__(self, *, terminal: bool = True) -> None:
        self.steps, self.terminal, self.rewards = torch.zeros(3, 1), terminal, torch.ones(3)

    def reset(self) -> Any:
        return {"policy": self.steps.clone()}, {}

    def step(self, actions: torch.Tensor) -> Any:
        self.steps = self.steps + 1
        ends = torch.tensor([True, True, False]) & (self.steps[:, 0] == 3)
        extras = {"final_obs": {"policy": self.steps.clone()}} if self.terminal and ends.any() else {}
        self.steps = self.steps.masked_fill(ends[:, None], 0.0)
        # Both flags at once for env 1: a termination is never bootstrapped.
        terminated = ends & torch.tensor([False, True, False])
        return {"policy": self.steps.clone()}, self.rewards, terminated, ends, extras
