"""A plugin with a task, a metric, an observer and a backend that loads checkpoints of one number."""

from __future__ import annotations

from genelab.api import BackendSpec, MetricSpec, TaskSpec, hookimpl
from genelab.config import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg, SimulationCfg, TaskCfg
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.rl.backends.base import Backend, InferenceSetup
from genelab.rl.config import BackendConfig
from genelab.utils.lazy import torch

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    agents = {"one": "eval_samples:agent"}
    return [
        TaskSpec(id="Sample-Eval-v0", config="eval_samples:task", agents=agents),
        TaskSpec(id="Sample-Scene-v0", config="eval_samples:scene", kind="playback"),
    ]


@hookimpl
def genelab_backends():
    return [
        BackendSpec(
            name="one",
            backend="eval_samples:OneNumber",
            config_type="genelab.rl.config:BackendConfig",
            checkpoint_suffix=".one",
        )
    ]


@hookimpl
def genelab_eval_metrics():
    return [
        MetricSpec(name="effort", metric="eval_samples:Effort", unit="1", higher_is_better=False),
        MetricSpec(name="never", metric="eval_samples:Never"),
    ]


def task() -> TaskCfg:
    return TaskCfg(env=ManagerBasedRlEnvCfg(simulation=SimulationCfg(num_envs=8)))


def scene() -> TaskCfg:
    return TaskCfg(env=ManagerBasedEnvCfg())


def agent() -> BackendConfig:
    return BackendConfig()


class Effort(EvalMetric):
    """Sum of |action|."""

    def start(self, env):
        self.total = torch.zeros(env.num_envs)

    def update(self, step):
        self.total += step.action.abs().sum(dim=1)

    def finish(self, env_ids):
        total = self.total[env_ids]
        self.total[env_ids] = 0.0
        return total


class Never(Effort):
    """A metric for some other kind of environment."""

    def start(self, env):
        raise NotApplicable


class OneNumber(Backend):
    """Every weight of its linear actor is the checkpoint's number."""

    def default_config(self, env_cfg):
        return agent()

    def iterations_for(self, agent, num_envs, total_steps):
        raise NotImplementedError

    def train(self, ctx):
        raise NotImplementedError

    def checkpoints(self, log_dir):
        return sorted(log_dir.glob("*.one"))

    def load(self, checkpoint, agent, env):
        from genelab.rl.checkpoint import load_checkpoint

        payload, _ = load_checkpoint(checkpoint)
        width = env.observation_layout.groups["policy"].dim
        actor = torch.nn.Linear(width, env.action_dim, bias=False)
        torch.nn.init.constant_(actor.weight, payload["weight"])
        return InferenceSetup(("policy",), actor.eval(), width, actor.out_features)
