"""Options of `train` about evaluations during the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from genelab.console.options.simulation import Seed
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.eval_schedule import EvalSchedule

Count = click.IntRange(min=1)


def in_training_eval_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--eval-every`, `--eval-episodes`, `--eval-num-envs`, `--eval-seed` and `--stop-when`."""
    for option in (
        click.option(
            "--stop-when",
            metavar="CONDITION",
            help="End the training when an evaluation proves this: the 95 % interval is on the right side. "
            "METRIC>=NUMBER or METRIC<=NUMBER, as in 'success_rate>=0.95'.",
        ),
        click.option("--eval-seed", type=Seed, help="Base seed of their episodes; 1000 if not given."),
        click.option("--eval-num-envs", type=Count, help="Parallel environments; one per episode if not given."),
        click.option("--eval-episodes", type=Count, help="Episodes of each evaluation; 10 if not given."),
        click.option(
            "--eval-every",
            type=Count,
            help="Evaluate every so many iterations (in the backend's unit) in a second environment, and keep the best "
            "model. The training goes on as if it were not there.",
        ),
    ):
        command = option(command)
    return command


def eval_schedule(eval_every: int | None, stop_when: str | None, **details: int | None) -> EvalSchedule | None:
    """Return the schedule that the options ask for; `None` for none.

    Args:
        eval_every: `--eval-every`.
        stop_when: `--stop-when`.
        **details: `episodes`, `num_envs` and `seed` of each evaluation, `None` where not given.

    Raises:
        UsageError: for any of them without `--eval-every`.
    """
    from genelab.runs.eval_schedule import EvalSchedule

    given = {name: value for name, value in details.items() if value is not None}
    if eval_every is None:
        options = [*(f"--eval-{name.replace('_', '-')}" for name in given), *(["--stop-when"] if stop_when else [])]
        if options:
            raise UsageError(f"{', '.join(options)} needs evaluations", fix="add --eval-every K")
        return None
    return EvalSchedule(every=eval_every, stop_when=stop_when, **given)
