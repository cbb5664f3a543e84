"""A plugin with a backend whose whole model is a counter, so that runs take milliseconds."""

from __future__ import annotations

import time
from functools import partial

from genelab.api import BackendSpec, TaskSpec, hookimpl
from genelab.config import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg, SimulationCfg, TaskCfg, configclass
from genelab.rl.backends.base import Backend, InferenceSetup, TrainResult
from genelab.rl.config import BackendConfig
from genelab.utils.lazy import torch

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(
            id="Sample-Counter-v0",
            config="sample_runs:counter_task",
            summary="Trains a counter.",
            agents={"sample": "sample_runs:counter_agent"},
        ),
        TaskSpec(
            id="Sample-Other-v0",
            config="sample_runs:counter_task",
            agents={"sample": "sample_runs:counter_agent"},
        ),
        TaskSpec(id="Sample-Scene-v0", config="sample_runs:scene_task", kind="playback"),
    ]


@hookimpl
def genelab_backends():
    return [
        BackendSpec(
            name="sample",
            backend="sample_runs:CounterBackend",
            config_type="sample_runs:CounterAgentCfg",
            checkpoint_suffix=".count",
        )
    ]


@configclass
class CounterAgentCfg(BackendConfig):
    """Seconds that an iteration takes, and the iteration after which checkpoints are large."""

    iteration_s: float = 0.0
    ballast_after: int = 1_000_000


def counter_task() -> TaskCfg:
    return TaskCfg(env=ManagerBasedRlEnvCfg(simulation=SimulationCfg(num_envs=8)))


def counter_agent() -> CounterAgentCfg:
    return CounterAgentCfg(experiment_name="counter", max_iterations=4, save_interval=2)


def scene_task() -> TaskCfg:
    return TaskCfg(env=ManagerBasedEnvCfg())


class CounterBackend(Backend):
    """Adds 1 to its weight in each iteration and saves as a real backend does."""

    def default_config(self, env_cfg):
        return counter_agent()

    def iterations_for(self, agent, num_envs, total_steps):
        return -(-total_steps // num_envs)

    def train(self, ctx):
        from genelab.rl.checkpoint import load_checkpoint, save_checkpoint

        assert isinstance(ctx.agent, CounterAgentCfg)
        weight, iteration = 0, 0
        if ctx.resume is not None:
            payload, meta = load_checkpoint(ctx.resume)
            weight, iteration = payload["weight"], meta["iteration"]
        if ctx.warm_start is not None:
            weight = load_checkpoint(ctx.warm_start)[0]["weight"]
        stopped, path = False, None
        while iteration < ctx.max_iterations and not stopped:
            time.sleep(ctx.agent.iteration_s)
            weight, iteration = weight + 1, iteration + 1
            env_steps = iteration * ctx.env.num_envs
            ctx.on_iteration(iteration, env_steps, {"return_mean": float(weight)})
            meta = {**ctx.checkpoint_meta, "backend": "sample", "iteration": iteration, "env_steps": env_steps}
            ctx.evaluate(iteration, env_steps, partial(save_checkpoint, payload={"weight": weight}, meta=meta))
            stopped = ctx.should_stop()
            if iteration % ctx.agent.save_interval == 0 or iteration == ctx.max_iterations or stopped:
                path = ctx.log_dir / f"model_{iteration}.count"
                ballast = torch.zeros(100_000 if iteration > ctx.agent.ballast_after else 1)
                save_checkpoint(path, {"weight": weight, "ballast": ballast}, meta)
                ctx.notify("checkpoint_saved", path=str(path), iteration=iteration, env_steps=env_steps)
        assert path is not None
        return TrainResult(path, iteration, iteration * ctx.env.num_envs, stopped)

    def checkpoints(self, log_dir):
        return sorted(log_dir.glob("model_*.count"), key=lambda path: int(path.stem.partition("_")[2]))

    def load(self, checkpoint, agent, env):
        from genelab.rl.checkpoint import load_checkpoint

        payload, meta = load_checkpoint(checkpoint)
        groups = tuple(env.observation_layout.groups)
        width = sum(env.observation_layout.groups[name].dim for name in groups)
        actor = torch.nn.Linear(width, env.action_dim, bias=False)
        torch.nn.init.constant_(actor.weight, 0.01 * payload["weight"])
        return InferenceSetup(groups, actor.eval(), width, actor.out_features, info={"iteration": meta["iteration"]})
