"""Conditions on evaluation results, such as `success_rate>=0.95`, that hold only when the interval says so."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from genelab.eval.document import Aggregates, Interval
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.names import unknown_name

_CONDITION = re.compile(r"\s*(?P<metric>[\w.\-]+)\s*(?P<relation>>=|<=)\s*(?P<value>[-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")
_COLUMNS = {
    "success_rate": "success",
    "return": "return",
    "return_mean": "return",
    "length": "length",
    "length_mean": "length",
    "success_once": "success_once",
    "success_at_end": "success_at_end",
}


@dataclass(frozen=True)
class Condition:
    """`metric` is at least, or at most, `value`.

    Attributes:
        metric: `"success_rate"` (the task's headline success), a column of the report, or a further metric.
        relation: `">="` or `"<="`.
        value: The limit.
    """

    metric: str
    relation: str
    value: float

    def __str__(self) -> str:
        return f"{self.metric}{self.relation}{self.value:g}"

    def holds(self, aggregates: Aggregates) -> bool:
        """Return whether the whole 95 % interval is on the right side.

        Raises:
            GenelabError: if no episode has a value of the metric.
        """
        interval = self._interval(aggregates)
        return interval.low >= self.value if self.relation == ">=" else interval.high <= self.value

    def _interval(self, aggregates: Aggregates) -> Interval:
        column = _COLUMNS.get(self.metric)
        number = aggregates.custom[self.metric] if column is None else aggregates.named(column)
        if number is None or number.ci is None:
            raise GenelabError(
                f"the evaluation has no interval of {self.metric!r}",
                where=f"--stop-when '{self}'",
                fix="name a metric that this task has, and evaluate at least 2 episodes",
            )
        return number.ci


def parse_condition(text: str, metrics: Sequence[str], episodes: int) -> Condition:
    """Read a condition and check that it can be met.

    Args:
        text: `"success_rate>=0.95"`, say.
        metrics: Names of the task's further metrics.
        episodes: Episodes of each evaluation.

    Raises:
        UsageError: for another form, an unknown metric, or a success rate that no outcome of so few episodes proves.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is not a condition", where="--stop-when", fix="write METRIC>=NUMBER, as in 'success_rate>=0.95'"
        )
    condition = Condition(match["metric"], match["relation"], _number(match["value"]))
    known = [*_COLUMNS, *metrics]
    if condition.metric not in known:
        raise unknown_name("metric", condition.metric, known)
    if condition.metric.startswith("success") and condition.relation == ">=":
        _require_enough(condition, episodes)
    return condition


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a number", where="--stop-when") from None


def _require_enough(condition: Condition, episodes: int) -> None:
    """Refuse a rate whose Wilson interval stays below the limit even when every episode succeeds."""
    if condition.value >= 1.0:
        raise UsageError(f"no number of episodes proves {condition}", where="--stop-when", fix="ask for less than 1")
    squared = NormalDist().inv_cdf(0.975) ** 2
    limit = episodes / (episodes + squared)  # Wilson's lower limit when every episode succeeds
    if limit >= condition.value:
        return
    enough = math.ceil(squared * condition.value / (1.0 - condition.value))
    raise UsageError(
        f"{episodes} episodes cannot prove {condition}: the lower limit of {episodes} successes in {episodes} is "
        f"{limit:.3f}",
        where="--stop-when",
        fix=f"--eval-episodes {enough} or more",
    )
