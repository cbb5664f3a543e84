"""Evaluation metrics of the memory task."""

from __future__ import annotations

from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.envs.vec_env import StepView, VecEnv
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.cartpole import terms
from genelab_tasks_locomotion.cartpole.memory import TARGET


class FinalTargetDistance(EvalMetric):
    """|x − target| at the end of the episode, m: long after the target was shown."""

    def start(self, env: VecEnv) -> None:
        self._env = env.unwrapped
        if not isinstance(self._env, ManagerBasedRlEnv) or TARGET not in self._env.command_manager.active_terms:
            raise NotApplicable(f"the environment has no command {TARGET!r}")
        self._distance = torch.zeros(env.num_envs, device=env.device)

    def update(self, step: StepView) -> None:
        self._distance = terms.target_distance(self._env, TARGET)

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        return self._distance[env_ids]
