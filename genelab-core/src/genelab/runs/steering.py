"""Where the commands of a played policy come from: the task, a script, or keys of the viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.managers.command_script import CommandScript
from genelab.sim.viewer import KeyBinding
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.config.env import ManagerBasedEnvCfg
    from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv

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

Steer = Callable[[int], None]
"""Called with the number of the control step, over the whole run, whose observation is made next."""


def drawn(step: int) -> None:
    """Leave the commands to the task."""


def read_script(text: str, cfg: ManagerBasedEnvCfg) -> CommandScript:
    """Read `--command` before the environment is built; widths that are not known before that are not checked.

    Raises:
        UsageError: for a text that is no script for this environment.
    """
    if not isinstance(cfg, ManagerBasedRlEnvCfg) or cfg.simulation.shards > 1:
        raise UsageError(
            "--command needs an environment with commands, in one process", fix="--play_env.simulation.shards 1"
        )
    known = {
        name: {"dim": len(term.components) or None, "components": term.components}
        for name, term in cfg.commands.items()
    }
    return CommandScript(text, known)


def follow_script(env: ManagerBasedRlEnv, text: str) -> Steer:
    """Return what lets all envs follow `text`, in the time of the whole run, across resets.

    Raises:
        UsageError: for a text that is no `CommandScript` for this environment.
    """
    script = CommandScript(text, env.command_manager.describe())
    return lambda step: script.hold(env.command_manager, step * env.step_dt)


def follow_keys(env: ManagerBasedRlEnv, tell: Callable[[str], None]) -> Steer:
    """Return what lets keys of the viewer steer the velocity command, where there is one.

    Args:
        env: With an open viewer.
        tell: Gets lines for the user.
    """
    terms = [term for term in env.command_manager.terms.values() if KeyboardVelocity.steers(term.cfg.components)]
    if not terms:
        return drawn
    term, keyboard = terms[0], KeyboardVelocity(terms[0].cfg.components, tell)
    env.scene.bind_keys(keyboard.bindings())

    def steer(step: int) -> None:
        asked = keyboard.velocity
        term.hold(None if asked is None else torch.tensor(asked, device=env.device))

    return steer


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
