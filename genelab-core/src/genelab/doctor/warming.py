"""Compile a task's kernels into the cache, so that later starts take seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from genelab.plugins.child_process import Child
from genelab.plugins.tasks import load_task

NUM_ENVS = 8
STEPS = 3


def warm_up(task_ids: Sequence[str], *, render: bool = False) -> Iterator[tuple[str, float]]:
    """Build and step each task's environments in a process of its own; yield the id and the seconds it took.

    Kernels do not depend on the number of envs, except in performance mode, where the task's own number is used.

    Args:
        task_ids: The tasks.
        render: Take a picture, too: the first one ever on a machine takes half a minute.

    Raises:
        GenelabError: if an environment cannot be built.
    """
    for task_id in task_ids:
        began = time.perf_counter()
        Child("genelab.doctor.warming:step_environments", {"task_id": task_id, "render": render}).result()
        yield task_id, time.perf_counter() - began


def step_environments(task_id: str, render: bool) -> None:
    """Build and step the training and the evaluation environment in this process."""
    import torch

    from genelab.envs.make import make_env

    cfg = load_task(task_id).cfg
    for env_cfg in (cfg.env, cfg.eval_env):
        assert env_cfg is not None
        fixed = env_cfg.simulation.performance_mode
        env = make_env(env_cfg, num_envs=None if fixed else NUM_ENVS, render_envs=int(render))
        env.reset()
        still = torch.zeros(env.num_envs, env.single_action_space.shape[0], device=env.device)
        for _ in range(STEPS):
            env.step(still)
        env.reset()
        if render:
            env.render()
        env.close()
