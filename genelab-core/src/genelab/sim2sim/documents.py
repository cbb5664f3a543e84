"""What a run in another simulator is asked for, and what it reports. Light: the command fills a request at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.utils.records import to_record

if TYPE_CHECKING:
    from genelab.eval.document import Evaluation

SCHEMA = "genelab.sim2sim/1"


@dataclass(frozen=True)
class Sim2simRequest:
    """Which policy to run in which simulator, and what to write.

    Attributes:
        task: Task id: where the robot's MJCF lies, where episodes begin and end, and how they are scored.
        policy: The exported file.
        engine: Name of the engine.
        episodes: Number of episodes.
        seed: Base seed: episode `i` starts as in `genelab eval` with this seed.
        overrides: Pairs of dotted config path and text, for the referee.
        against: `eval.json` of the same file in Genesis, to report differences from.
        out: File to write; with `None` nothing is written.
        video: Film of the first episode, `.mp4`.
        command: Commands instead of those that the task draws; see `genelab.managers.command_script`.
        force: Replace existing files.
        trust: Let a run's configs name code outside the installed plugins.
    """

    task: str
    policy: Path
    engine: str = "mujoco"
    episodes: int = 100
    seed: int = 0
    overrides: Sequence[tuple[str, str]] = ()
    against: Path | None = None
    out: Path | None = None
    video: Path | None = None
    command: str | None = None
    force: bool = False
    trust: bool = False


@dataclass(frozen=True)
class MetricDifference:
    """A number of the episodes in Genesis (`reference`) and in the other simulator (`candidate`).

    Attributes:
        n: Episodes that have the number in both; the means are over these.
        difference: Mean of candidate − reference, with its 95 % interval from `low` to `high`; `None` for one episode.
        largest: Largest |candidate − reference| of an episode.
    """

    metric: str
    n: int
    reference: float
    candidate: float
    difference: float
    low: float | None
    high: float | None
    largest: float


@dataclass(frozen=True)
class Drift:
    """How far robots are from those of the reference: by time, s, `"mean"` and `"max"` over episodes; step by step."""

    at: dict[str, dict[str, float]]
    largest_per_step: list[float]


@dataclass(frozen=True)
class Trajectory:
    """The reference rollout, repeated.

    Attributes:
        observations: Largest difference of each observation term in the states of the reference.
        open_loop: Drift of each quantity under the recorded actions, that is of the physics alone.
        closed_loop: The same when the policy sees its own robot.
    """

    episodes: int
    seconds: float
    observations: dict[str, float]
    open_loop: dict[str, Drift]
    closed_loop: dict[str, Drift]


@dataclass(frozen=True)
class Checks:
    """How far the controller was from the environment, at most, and why a term is left out."""

    observations: dict[str, float]
    targets: float
    left_out: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Sim2simReport:
    """What docs/how-to/sim2sim.md describes.

    Attributes:
        engine: Its `"name"` and `"version"`.
        evaluation: As `genelab eval` writes it.
        differences: From Genesis' evaluation, if there is one.
        trajectory: `None` for a policy that was exported without a reference rollout.
        warnings: Every reason other than physics why numbers may differ.
    """

    schema: str = SCHEMA
    task: str
    policy: str
    engine: dict[str, str]
    command: str | None
    video: str | None
    evaluation: Evaluation
    against: str | None
    differences: list[MetricDifference] | None
    trajectory: Trajectory | None
    checks: Checks
    warnings: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain values."""
        return to_record(self)
