"""What `eval.json` holds, typed; its shape is promised by `eval.schema.json` beside this module.

Fields are named and ordered as the keys of the file. `genelab.eval.report` writes and reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from genelab.utils.records import omitted, to_record

SCHEMA = "genelab.eval/1"

Episode = TypedDict(
    "Episode",
    {
        "i": int,
        "seed": int,
        "slot": int,
        "return": float | None,
        "length": int,
        "terminated": bool,
        "truncated": bool,
        "end_cause": str,
        "success_once": bool | None,
        "success_at_end": bool | None,
        "first_success_step": int | None,
        "nan_reset": bool,
        "stratum": dict[str, int | str],
        "dr": dict[str, float | None],
        "metrics": dict[str, float | None],
        "reward_terms": dict[str, float | None],
        "init_hash": str | None,
        "video": str | None,
    },
)
"""A row of the table of episodes. It stays a dict: there are thousands, and it is what `EvalResult.rows` promises."""


class EvalWarning(TypedDict):
    """A warning."""

    code: str
    message: str


@dataclass(frozen=True)
class Interval:
    """A confidence interval; the last two fields say how the bootstrap was made."""

    low: float
    high: float
    level: float
    method: str
    resamples: int | None = omitted()
    seed: int | None = omitted()


@dataclass(frozen=True)
class Aggregate:
    """A number of all episodes that have one; `std` and `sem` are the sample's, `iqm` is the interquartile mean."""

    n: int
    mean: float | None
    std: float | None
    sem: float | None
    median: float | None
    iqm: float | None
    min: float | None
    max: float | None
    ci: Interval | None
    unit: str | None = omitted()
    higher_is_better: bool | None = omitted()

    @property
    def value(self) -> float | None:
        """The estimate that `ci` is of."""
        return self.mean

    @property
    def is_outcome(self) -> bool:
        """Whether each episode has 0 or 1, so that the mean is a rate."""
        return self.ci is not None and self.ci.method == "wilson"


@dataclass(frozen=True)
class Proportion:
    """A rate: `k` of `n` episodes that have an outcome."""

    k: int
    n: int
    rate: float
    ci: Interval

    @property
    def value(self) -> float:
        """The estimate that `ci` is of."""
        return self.rate


@dataclass(frozen=True)
class Aggregates:
    """The numbers of all episodes together.

    Attributes:
        success_once: `None`, like `success_at_end`, where no episode has an outcome.
        headline: The number that the task is judged by: `"return"`, `"success_at_end"` or `"success_once"`.
        terminations: Episodes by what ended them.
        custom: Further metrics by name.
        reward_terms: Sums of single weighted reward terms by name.
    """

    return_: Aggregate
    length: Aggregate
    success_once: Proportion | None
    success_at_end: Proportion | None
    headline: str
    terminations: dict[str, int]
    custom: dict[str, Aggregate]
    reward_terms: dict[str, Aggregate]

    def named(self, name: str) -> Aggregate | Proportion | None:
        """Return `"return"`, `"length"`, `"success_once"`, `"success_at_end"` or `"success"`, the one that counts."""
        return getattr(self, {"return": "return_"}.get(name, name))

    @property
    def success(self) -> Proportion | None:
        """The success that counts for this task: at the end, unless the task is judged by success in any step."""
        return self.success_once if self.headline == "success_once" else self.success_at_end

    def outcome(self, episode: Episode) -> bool | None:
        """Return the success of an episode that counts for this task."""
        return episode["success_once"] if self.headline == "success_once" else episode["success_at_end"]

    @property
    def headline_number(self) -> Aggregate | Proportion | None:
        """The number that the task is judged by."""
        return self.named(self.headline)

    def lower_bound(self) -> float | None:
        """Return the lower confidence limit of the headline: what the best model of a training is chosen by.

        A single episode has no interval; its value stands for itself. `None` when no episode has a value.
        """
        number = self.headline_number
        if number is None:
            return None
        return number.value if number.ci is None else number.ci.low


@dataclass(frozen=True)
class Stratum:
    """The numbers of the episodes in one bin; `key` is its label by the stratum's name."""

    key: dict[str, int | str]
    n: int
    return_: Aggregate
    length: Aggregate
    success_once: Proportion | None
    success_at_end: Proportion | None
    custom: dict[str, Aggregate] | None = omitted()


@dataclass(frozen=True)
class CurveRecord:
    """Means of a metric along an episode; see `genelab.eval.episode_curve`."""

    unit: str
    axis: str
    places: list[float]
    means: list[float | None]
    counts: list[int]


@dataclass(frozen=True, kw_only=True)
class PolicyRecord:
    """What acted.

    Attributes:
        kind: See `genelab.eval.policy.Policy`.
        backend: RL library that trained it.
        sha256: Of its file.
        iteration: At which it was saved, like `env_steps`.
        train_seed: Seed of its agent.
        run_id: Name of its run directory.
    """

    kind: str
    backend: str | None = None
    sha256: str | None = None
    iteration: int | None = None
    env_steps: int | None = None
    train_seed: int | None = None
    run_id: str | None = None
    recurrent: bool = False


@dataclass(frozen=True, kw_only=True)
class ProtocolRecord:
    """All that decides which episodes were run; equal `protocol_sha256` means that two evaluations can be compared."""

    protocol_sha256: str
    num_envs: int
    assignment: str = "quota_round_robin"
    seed_scheme: str = "counter/1"
    max_episode_steps: int
    env_config: str
    env_config_sha256: str
    domain_randomization: str
    observation_noise: bool
    auto_reset_mode: str = "same_step"
    discount_for_return: float = 1.0
    strata: list[str]
    overrides: list[str]
    determinism: str = "none"
    plan: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Wall times in seconds, and how well they were used."""

    build_s: float | None
    compile_s: float | None = None
    rollout_s: float
    env_steps: int
    env_steps_per_s: float | None
    wasted_step_fraction: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """An evaluation.

    Attributes:
        metrics: The summary: `return_mean`, `return_std` (the population's), `length_mean`, `success_rate` (the one
            that counts for the task), `avg_max_reward`, `eval_s`, `eval_ep_s`.
        profiles: By metric, its means along an episode.
        environment: Versions, hardware, plugins, git, command.
    """

    schema: str = SCHEMA
    task: str
    checkpoint: str | None
    num_episodes: int
    metrics: dict[str, float | None]
    wall_clock_seconds: float
    seed: int
    deterministic: bool
    evaluated_at: str
    policy: PolicyRecord
    protocol: ProtocolRecord
    aggregates: Aggregates
    strata: list[Stratum]
    profiles: dict[str, CurveRecord] | None = omitted()
    episodes: list[Episode]
    environment: dict[str, Any]
    timing: Timing
    warnings: list[EvalWarning]

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain values."""
        return to_record(self)
