"""`genelab warmup`: compile the kernels of tasks into the cache, so that later starts take seconds."""

from __future__ import annotations

import time

import click

from genelab.console.options.common import TaskId
from genelab.plugins.catalog import get_catalog
from genelab.plugins.child_process import Child
from genelab.plugins.tasks import load_task
from genelab.utils.lazy import torch

NUM_ENVS = 8
STEPS = 3


@click.command(short_help="Compile a task's kernels beforehand.")
@click.argument("tasks", nargs=-1, type=TaskId())
@click.option("--render", is_flag=True, help="Prepare rendering, too.")
def command(tasks: tuple[str, ...], render: bool) -> None:
    """Compile the kernels of TASKS, or of all tasks, so that later starts take seconds; print the time of each.

    A second run shows how long a start takes from now on.
    """
    catalog = get_catalog()
    for task_id in [catalog.task(task).id for task in tasks] or list(catalog.tasks):
        began = time.perf_counter()
        Child("genelab.doctor.warming:step_environments", {"task_id": task_id, "render": render}).result()
        click.echo(f"{time.perf_counter() - began:6.1f} s  {task_id}")


def step_environments(task_id: str, render: bool) -> None:
    """Build and step the training and the evaluation environment in this process.

    Kernels do not depend on the number of envs, except in performance mode, where the task's own number is used.

    Args:
        task_id: The task.
        render: Take a picture, too: the first one ever on a machine takes half a minute.

    Raises:
        GenelabError: if an environment cannot be built.
    """
    from genelab.envs.make import make_env

    cfg = load_task(task_id).cfg
    for env_cfg in (cfg.env, cfg.eval_env):
        assert env_cfg is not None
        fixed = env_cfg.simulation.performance_mode
        env = make_env(env_cfg, num_envs=None if fixed else NUM_ENVS, render_envs=int(render))
        env.reset()
        still = torch.zeros(env.num_envs, env.action_dim, device=env.device)
        for _ in range(STEPS):
            env.step(still)
        env.reset()
        if render:
            env.render()
        env.close()
