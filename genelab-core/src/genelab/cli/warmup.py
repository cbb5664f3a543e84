"""`genelab warmup`: compile kernels beforehand."""

from __future__ import annotations

import click

from genelab.console.options.common import TaskId
from genelab.plugins.catalog import get_catalog


@click.command(short_help="Compile a task's kernels beforehand.")
@click.argument("tasks", nargs=-1, type=TaskId())
@click.option("--render", is_flag=True, help="Prepare rendering, too.")
def command(tasks: tuple[str, ...], render: bool) -> None:
    """Compile the kernels of TASKS, or of all tasks, so that later starts take seconds; print the time of each.

    A second run shows how long a start takes from now on.
    """
    catalog = get_catalog()
    chosen = [catalog.task(task).id for task in tasks] or list(catalog.tasks)

    from genelab.doctor.warming import warm_up

    for task_id, seconds in warm_up(chosen, render=render):
        click.echo(f"{seconds:6.1f} s  {task_id}")
