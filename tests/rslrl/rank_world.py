"""A plugin for processes of several ranks: a task whose environment is a fake, with a small rsl_rl agent."""

from __future__ import annotations

import sys
import types

from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [TaskSpec(id="Ranks-Fake-v0", config="rank_world:task", agents={"rsl_rl": "rank_world:agent"})]


def task():
    from genelab.config import ManagerBasedRlEnvCfg, ObservationGroupCfg, SimulationCfg, TaskCfg

    groups = {name: ObservationGroupCfg(terms={}) for name in ("policy", "critic")}
    return TaskCfg(env=ManagerBasedRlEnvCfg(simulation=SimulationCfg(num_envs=16), observations=groups))


def agent():
    from rslrl_runs import small_agent

    return small_agent("lstm", experiment_name="ranks", max_iterations=4, save_interval=2)


def make_env(cfg, *, num_envs=None, seed=None, **options):
    from rslrl_runs import small_env

    return small_env(num_envs or cfg.simulation.num_envs, seed=cfg.seed if seed is None else seed)


module = types.ModuleType("genelab.envs.make")
module.make_env = make_env  # pyright: ignore[reportAttributeAccessIssue]
sys.modules["genelab.envs.make"] = module
