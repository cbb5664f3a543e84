"""Whose commands a played policy follows: the task's, those of a script, or those of the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.managers.command_script import CommandScript
from genelab.runs.keyboard import KeyboardVelocity
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.config.env import ManagerBasedEnvCfg

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


def follow_script(env: Any, text: str) -> Steer:
    """Return what lets all envs of a `ManagerBasedRlEnv` follow `text`, in the time of the whole run, across resets.

    Raises:
        UsageError: for a text that is no `CommandScript` for this environment.
    """
    script = CommandScript(text, env.command_manager.describe())
    return lambda step: script.hold(env.command_manager, step * env.step_dt)


def follow_keys(env: Any, tell: Callable[[str], None]) -> Steer:
    """Return what lets keys of the viewer steer the velocity command of a `ManagerBasedRlEnv`, where it has one.

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
