"""The interactive window: whether there can be one, and that it was closed. Light: imports no Genesis."""

from __future__ import annotations

import os
import sys

from genelab.utils.errors import GenelabError


class ViewerClosed(Exception):
    """Raised by a step of a scene whose window the user has closed; the normal end of looking at it."""


def has_display() -> bool:
    """Return whether a window can open here."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def no_display() -> GenelabError:
    """Return the error for a viewer on a machine without a display."""
    return GenelabError(
        "no display to open the viewer on",
        where="simulation.vis",
        fix="pass --headless to run without it (--video FILE.mp4 still shows what happens)",
    )


def require_display() -> None:
    """Raise the error of `no_display` if there cannot be a window, before anything heavy starts."""
    if not has_display():
        raise no_display()
