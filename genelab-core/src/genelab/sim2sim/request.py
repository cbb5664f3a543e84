"""What a run in another simulator is asked for. Light: the command fills it before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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
