"""Options of `train` about evaluations during the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import filled, option
from genelab.console.options.simulation import Seed
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.runs.eval_schedule import EvalSchedule

Count = click.IntRange(min=1)


@dataclass(frozen=True, kw_only=True)
class InTrainingEvalOptions:
    """The options as they were given; `None` for one that was not."""

    eval_every: int | None = option(
        type=Count,
        help="Evaluate every so many iterations (in the backend's unit) in a second environment, and keep the best "
        "model. The training goes on as if it were not there.",
    )
    eval_episodes: int | None = option(type=Count, help="Episodes of each evaluation; 10 if not given.")
    eval_num_envs: int | None = option(type=Count, help="Parallel environments; one per episode if not given.")
    eval_seed: int | None = option(type=Seed, help="Base seed of their episodes; 1000 if not given.")
    stop_when: str | None = option(
        metavar="CONDITION",
        help="End the training when an evaluation proves this: the 95 % interval is on the right side. "
        "METRIC>=NUMBER or METRIC<=NUMBER, as in 'success_rate>=0.95'.",
    )

    def schedule(self) -> EvalSchedule | None:
        """Return the schedule that the options ask for; `None` for none.

        Raises:
            UsageError: for any of them without `--eval-every`.
        """
        from genelab.runs.eval_schedule import EvalSchedule

        details = {"episodes": self.eval_episodes, "num_envs": self.eval_num_envs, "seed": self.eval_seed}
        given = {name: value for name, value in details.items() if value is not None}
        if self.eval_every is not None:
            return EvalSchedule(every=self.eval_every, stop_when=self.stop_when, **given)
        options = [f"--eval-{name.replace('_', '-')}" for name in given] + (["--stop-when"] if self.stop_when else [])
        if options:
            raise UsageError(f"{', '.join(options)} needs evaluations", fix="add --eval-every K")
        return None


in_training_eval_options = filled(InTrainingEvalOptions, "evaluations")
"""Add these options, which the command gets as `evaluations`."""
