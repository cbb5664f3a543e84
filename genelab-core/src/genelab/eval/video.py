"""MP4 files, written frame by frame."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from genelab.utils.errors import UsageError
from genelab.utils.files import atomic_path


def check_video_path(path: Path) -> Path:
    """Return `path`; raise `UsageError` if its suffix is not `.mp4`."""
    if path.suffix.lower() != ".mp4":
        raise UsageError(
            f"cannot write a video as {path.suffix or 'a file without suffix'}: {path}", fix="name it .mp4"
        )
    return path


class VideoWriter:
    """Streams RGB frames into an H.264 file that appears under its name only when it is whole.

        with VideoWriter(Path("run.mp4"), fps=1 / env.step_dt) as video:
            video.write(env.render())

    Args:
        path: Target; the suffix must be `.mp4`.
        fps: Frames per second.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = check_video_path(path)
        self._rate = Fraction(fps).limit_denominator(1000)
        self._stack = ExitStack()
        self._container: Any = None  # the types of av are incomplete
        self._stream: Any = None
        self.frames = 0

    def __enter__(self) -> VideoWriter:
        temporary = self._stack.enter_context(atomic_path(self.path))
        self._container = self._stack.enter_context(av.open(str(temporary), "w", format="mp4"))
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append one frame, uint8 `(height, width, 3)`; H.264 needs even sizes, so an odd last row or column is cut."""
        height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        if self._container is None:
            raise ValueError("the video is not open: use it in a with statement")
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            self._stream.options = {"crf": "20", "preset": "veryfast"}
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
        self._container.mux(self._stream.encode(picture))
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._stream is not None and self._container is not None:
            self._container.mux(self._stream.encode(None))
        self._stack.__exit__(kind, error, traceback)
