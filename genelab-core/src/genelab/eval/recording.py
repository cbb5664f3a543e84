"""Films the first episodes of an evaluation, one file each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from genelab.eval.video import VideoWriter

if TYPE_CHECKING:
    from genelab.envs.vec_env import StepView


class Renderable(Protocol):
    """The part of an environment that is needed to film it."""

    num_envs: int
    step_dt: float

    def render(self, index: int = 0) -> np.ndarray:
        """Return what env `index` looks like now, uint8 `(height, width, 3)`."""
        ...


class EpisodeVideos:
    """An `EpisodeRecorder` that writes `<folder>/episode_<i>.mp4` for each episode `i < count`.

    A film begins with the start of its episode and ends with the terminal state, at one frame per control step.

        with EpisodeVideos(Path("videos"), 3) as videos:
            evaluate_policy(env, policy, episodes=100, seed=0, recorder=videos)

    On an error the films that are not finished are discarded.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self._open: dict[int, tuple[int, VideoWriter]] = {}
        self._files: dict[int, str] = {}

    def __enter__(self) -> EpisodeVideos:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._open:
            _, (_, film) = self._open.popitem()
            film.__exit__(kind, error, traceback)

    def begin(self, env: Renderable, episode_of: Callable[[int], int]) -> None:
        """Start the films of the episodes that begin now; `episode_of` returns the episode that a slot runs."""
        self._env, self._episode_of = env, episode_of
        for slot in range(min(self.count, env.num_envs)):
            self._start(slot)

    def observe(self, step: StepView) -> None:
        """Add the state after this step, terminal or not, to each film."""
        for slot, (_, film) in self._open.items():
            film.write(self._env.render(slot))

    def after_step(self) -> None:
        """Close the films of the episodes that ended, and start those of the episodes that began."""
        for slot, (episode, film) in list(self._open.items()):
            if self._episode_of(slot) != episode:
                self._close(slot, episode, film)
                self._start(slot)

    def finish(self) -> dict[int, str]:
        """Close what is open and return the file of each filmed episode, relative to where the folder is."""
        for slot, (episode, film) in list(self._open.items()):
            self._close(slot, episode, film)
        return self._files

    def _start(self, slot: int) -> None:
        episode = self._episode_of(slot)
        if episode < self.count:
            film = VideoWriter(self.folder / f"episode_{episode:04d}.mp4", fps=1 / self._env.step_dt)
            self._open[slot] = (episode, film.__enter__())
            film.write(self._env.render(slot))

    def _close(self, slot: int, episode: int, film: VideoWriter) -> None:
        del self._open[slot]
        film.__exit__(None, None, None)
        self._files[episode] = f"{self.folder.name}/{film.path.name}"
