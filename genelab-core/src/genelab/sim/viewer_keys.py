"""Keys of the interactive window that call functions. Light: imports Genesis only to bind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


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
