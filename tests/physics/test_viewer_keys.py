"""Keys of the keyboard are free in the viewer and exist there; no window is opened."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from genelab.runs.steering import STEPS, KeyboardVelocity
from genelab.sim.viewer import bind_keys

pytestmark = pytest.mark.genesis


def test_keys_do_not_disturb_those_of_the_viewer():
    from genesis.vis.keybindings import Key, KeyAction, Keybindings
    from genesis.vis.viewer_plugins import DefaultControlsPlugin

    known = Keybindings()
    viewer = SimpleNamespace(
        register_keybinds=lambda *binds, overwrite=False: [known.register(b, overwrite) for b in binds]
    )
    DefaultControlsPlugin().build(viewer, None, None)  # pyright: ignore[reportArgumentType]
    keyboard = KeyboardVelocity(tuple(STEPS), lambda line: None)
    bind_keys(viewer, keyboard.bindings())
    for key in (Key.UP, Key.Q, Key.RIGHT):
        bound = known.get(key, 0, KeyAction.PRESS)
        assert bound is not None and bound.callback is not None
        bound.callback()
    assert keyboard.velocity == (0.1, 0.1, -0.2)
    assert Key.Q not in {bind.key for bind in known.keybinds if bind.key_action is KeyAction.RELEASE}
