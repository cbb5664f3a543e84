"""A velocity that keys of the viewer change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from genelab.sim.viewer_keys import KeyBinding

STEPS = {"vx": 0.1, "vy": 0.1, "wz": 0.2}
"""What one press adds to a component: forward and left, m/s, and turning left, rad/s."""

_KEYS = {
    "UP": ("vx", 1, "forward"),
    "DOWN": ("vx", -1, "backward"),
    "Q": ("vy", 1, "left"),
    "E": ("vy", -1, "right"),
    "LEFT": ("wz", 1, "turn left"),
    "RIGHT": ("wz", -1, "turn right"),
}


class KeyboardVelocity:
    """Keys add to a velocity, stop it, and hand it back to the task.

    Args:
        components: Names of the command's elements, of those in `STEPS`.
        tell: Gets one line after each key, and one that explains the keys at once.

    Attributes:
        velocity: What is asked for, in the order of `components`; `None` while nobody has pressed a key, or has handed
            back. Replaced as a whole, because keys arrive in the viewer's thread.
    """

    def __init__(self, components: Sequence[str], tell: Callable[[str], None]) -> None:
        self.velocity: tuple[float, ...] | None = None
        self._components, self._tell = tuple(components), tell
        self._keys = {key: about for key, about in _KEYS.items() if about[0] in self._components}
        ways = ", ".join(f"{key.lower()} {way}" for key, (_, _, way) in self._keys.items())
        steps = ", ".join(f"{component} {STEPS[component]:g}" for component in self._components)
        tell(f"keys of the viewer: {ways} (a press adds {steps}); space stop; return the task's own commands")

    @staticmethod
    def steers(components: Sequence[str]) -> bool:
        """Return whether a command with these components is a velocity that keys can steer."""
        return bool(components) and set(components) <= set(STEPS)

    def bindings(self) -> list[KeyBinding]:
        """Return what each key does."""
        ways = [KeyBinding(key, way, partial(self.add, part, sign)) for key, (part, sign, way) in self._keys.items()]
        return [*ways, KeyBinding("SPACE", "stop", self.stop), KeyBinding("RETURN", "task's commands", self.hand_back)]

    def add(self, component: str, sign: int) -> None:
        """Change one component by a step, from zero velocity where nothing was asked for."""
        before = self.velocity or (0.0,) * len(self._components)
        steps = [sign * STEPS[name] if name == component else 0.0 for name in self._components]
        self._ask(tuple(round(old + step, 6) for old, step in zip(before, steps, strict=True)))

    def stop(self) -> None:
        """Ask to stand still."""
        self._ask((0.0,) * len(self._components))

    def hand_back(self) -> None:
        """Let the task draw commands again."""
        self.velocity = None
        self._tell("command: the task's own, from the next one on")

    def _ask(self, velocity: tuple[float, ...]) -> None:
        self.velocity = velocity
        asked = ", ".join(f"{name} {value:g}" for name, value in zip(self._components, velocity, strict=True))
        self._tell(f"command: {asked}")
