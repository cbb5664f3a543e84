"""What an evaluation is asked for. Light: commands and suites make requests before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    import torch

    from genelab.envs.vec_env import Observation

    PolicyFunction = Callable[[Observation], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class EvalRequest:
    """What to evaluate and how: the parameters of `genelab.evaluate`, which says what they mean."""

    task: str
    policy: str | Path | PolicyFunction = "zero"
    episodes: int = 100
    num_envs: int | None = None
    seed: int = 0
    deterministic: bool = True
    randomized: bool = False
    overrides: Sequence[tuple[str, str]] = ()
    out: Path | None = None
    video: int = 0
    metrics: Iterable[str] | None = None
    max_steps: int | None = None
    force: bool = False
    trust: bool = False

    @property
    def variant(self) -> str:
        """Which of the task's configs is evaluated."""
        return "env" if self.randomized else "eval_env"

    @property
    def videos(self) -> Path:
        """Folder of the films."""
        return Path("eval_videos") if self.out is None else self.out.with_name(f"{self.out.stem}_videos")

    def directed_overrides(self) -> list[tuple[str, str]]:
        """Return the overrides with those of `env.` pointed at the config that is evaluated.

        Raises:
            UsageError: for an override of another environment config, which would change nothing.
        """
        directed: list[tuple[str, str]] = []
        for name, text in self.overrides:
            root, _, rest = name.partition(".")
            if root not in ("env", self.variant, "agent"):
                raise UsageError(
                    f"--{name} changes nothing: this evaluation runs the task's {self.variant}", fix=f"--env.{rest}"
                )
            directed.append((f"{self.variant}.{rest}" if root == "env" else name, text))
        return directed

    def arguments(self) -> list[str]:
        """Return the arguments of `genelab eval` that ask for the same, for another process."""
        made = [self.task, str(self.policy), f"--episodes={self.episodes}", f"--seed={self.seed}"]
        numbers = {"num-envs": self.num_envs, "max-steps": self.max_steps, "video": self.video or None}
        made += [f"--{name}={value}" for name, value in {**numbers, "out": self.out}.items() if value is not None]
        flags = {"randomized": self.randomized, "stochastic": not self.deterministic, "force": self.force}
        made += [f"--{name}" for name, given in {**flags, "trust": self.trust}.items() if given]
        return made + [f"--{path}={text}" for path, text in self.overrides]
