"""The interactive window: whether there can be one, that it was closed, and its keys. Light: imports Genesis last."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class KeyBinding:
    """A key and what it does.

    Attributes:
        key: Name of a member of `genesis.vis.keybindings.Key`: `"UP"`, `"SPACE"`, `"Q"`.
        what: What it does, for the viewer's list of keys; unique in a window.
        call: Called once for each press, in the thread of the viewer.
    """

    key: str
    what: str
    call: Callable[[], None]


def bind_keys(viewer: Any, bindings: Sequence[KeyBinding]) -> None:
    """Add `bindings` to an open Genesis viewer.

    Raises:
        ValueError: for a key that the viewer uses itself.
    """
    from genesis.vis.keybindings import Key, KeyAction, Keybind

    viewer.register_keybinds(
        *(Keybind(item.what, Key[item.key], key_action=KeyAction.PRESS, callback=item.call) for item in bindings)
    )
