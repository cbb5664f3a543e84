"""`genelab verify`: does a task repeat bit by bit?"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from genelab.console.options.common import json_option, task_command
from genelab.console.options.simulation import Seed


@task_command(short_help="Check that a task repeats bit by bit.", epilog="Exit status 0 if it repeats, 1 if it drifts.")
@click.option("--num-envs", type=click.IntRange(min=1), default=16, show_default=True, help="Parallel environments.")
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="Control steps.")
@click.option("--seed", type=Seed, default=0, show_default=True, help="Of environment and actions.")
@json_option
def command(task: str, overrides: list[tuple[str, str]], num_envs: int, steps: int, seed: int, as_json: bool) -> int:
    """Run TASK twice in fresh processes with the same random actions and compare every number.

    Compared are observations, rewards and episode ends of all environments.
    """
    from genelab.plugins.tasks import load_task

    load_task(task, overrides=overrides)  # wrong names are found before numpy is imported

    from genelab.doctor.repeatability import check_repeatability

    report = check_repeatability(task, num_envs=num_envs, steps=steps, seed=seed, overrides=overrides)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    elif report.bit_identical:
        click.echo(f"bit-identical over {steps} steps of {num_envs} envs (sha256 {report.sha256[:16]})")
    else:
        what = ", ".join(report.differing)
        click.echo(f"drifts at step {report.first_difference} ({what}); max difference {report.max_difference:.3g}")
    return 0 if report.bit_identical else 1
