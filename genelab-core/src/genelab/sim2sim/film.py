"""A film of the first episode in one file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from genelab.eval.video import VideoWriter

if TYPE_CHECKING:
    from genelab.envs.vec_env import StepView, VecEnv

MOST_FRAMES_PER_SECOND = 30.0


class EpisodeFilm:
    """An `EpisodeRecorder` (`genelab.eval.protocol`) that films episode 0 in real time, at most 30 frames a second.

    Args:
        path: The `.mp4` file, which appears when the film is whole.
        step_dt: Control step, s.
    """

    def __init__(self, path: Path, step_dt: float) -> None:
        self._stride = math.ceil(round(1.0 / (step_dt * MOST_FRAMES_PER_SECOND), 6))
        self._film = VideoWriter(path, fps=1.0 / (step_dt * self._stride))
        self._step, self._over = 0, False

    def __enter__(self) -> EpisodeFilm:
        self._film.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._film.__exit__(kind, error, traceback)

    def begin(self, env: VecEnv, episode_of: Callable[[int], int]) -> None:
        """Film the start."""
        self._env, self._episode_of = env, episode_of
        self._film.write(env.render(0))

    def observe(self, step: StepView) -> None:
        """Film the state after this step, terminal or not, if its turn has come."""
        self._step += 1
        if not self._over and self._step % self._stride == 0:
            self._film.write(self._env.render(0))

    def after_step(self) -> None:
        """Notice the end of the episode."""
        self._over = self._over or self._episode_of(0) != 0

    def finish(self) -> dict[int, str]:
        """Return the file by episode."""
        return {0: self._film.path.name}
