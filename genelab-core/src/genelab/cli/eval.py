"""`genelab eval`: measure a policy on a fixed set of episodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genelab.console.options.common import filled, force_option, json_option, task_command
from genelab.console.options.simulation import Seed
from genelab.console.progress import episode_progress
from genelab.runs.eval_request import EvalRequest

Count = click.IntRange(min=1)


class CountOrAuto(click.ParamType):
    """A positive integer, or `auto`, which becomes `None`."""

    name = "integer|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        return None if value in (None, "auto") else Count.convert(value, param, ctx)


@task_command(
    short_help="Measure a policy on a fixed set of episodes.",
    epilog="Exit status: 0 when every episode was measured, 1 when some are missing or the policy is broken, "
    "2 for wrong usage.",
)
@filled(EvalRequest, "request")
@click.argument("policy")
@click.option("--num-envs", type=CountOrAuto(), default="auto", show_default=True, help="Parallel environments.")
@click.option("--episodes", type=Count, default=100, show_default=True, help="Episodes to measure.")
@click.option("--seed", type=Seed, default=0, show_default=True, help="Base seed of the episodes.")
@click.option(
    "--deterministic/--stochastic", default=True, show_default=True, help="Act without or with exploration noise."
)
@click.option("--out", type=click.Path(path_type=Path), default="eval.json", show_default=True, help="File to write.")
@click.option("--max-steps", type=Count, help="Cap on the control steps of the whole rollout.")
@click.option("--video", type=click.IntRange(min=0), default=0, metavar="N", help="Film the first N episodes.")
@click.option("--randomized", is_flag=True, help="Evaluate with the noise, pushes and randomisation of training.")
@click.option("--trust", is_flag=True, help="Let the run's configs name code outside the installed plugins.")
@json_option
@force_option
def command(request: EvalRequest, as_json: bool) -> None:
    """Run POLICY in TASK and write its score, with intervals and every episode, to a file.

    POLICY is a checkpoint, a run directory, an exported file, zero, random or expert. Which episodes count does not
    depend on the number of parallel environments.
    """
    from genelab.runs.evaluation import run_evaluation

    with episode_progress() as on_progress:
        evaluation = run_evaluation(request, on_progress)
    if as_json:
        import json

        click.echo(json.dumps(evaluation.to_json(), indent=2, allow_nan=False))
        return
    from genelab.console.tables.eval import print_report
    from genelab.console.tables.strata import print_strata

    assert request.out is not None
    print_strata(evaluation)
    print_report(evaluation, request.out)
