"""A metric: the largest action of an episode."""

from __future__ import annotations

from genelab.eval.metrics import EvalMetric
from genelab.utils.lazy import torch


class LargestAction(EvalMetric):
    def start(self, env):
        self.largest = torch.zeros(env.num_envs)

    def update(self, step):
        self.largest = torch.maximum(self.largest, step.action.abs().amax(dim=1))

    def finish(self, env_ids):
        finished = self.largest[env_ids]
        self.largest[env_ids] = 0.0
        return finished
