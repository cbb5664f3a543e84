"""Commands: goals that a policy follows and that change over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from genelab.config.base import built
from genelab.config.serialization import to_json
from genelab.config.terms import CommandTermCfg
from genelab.managers.term_env import TermEnv
from genelab.sim.markers import SphereMarker
from genelab.utils.lazy import torch
from genelab.utils.names import unknown_name


class CommandTerm(ABC):
    """A goal per env, drawn at reset and again when its time is up; its config's `build(env)` makes it."""

    def __init__(self, cfg: CommandTermCfg, env: TermEnv) -> None:
        self.cfg, self.env = cfg, env
        self.name = ""
        self._time_left = torch.zeros(env.num_envs, device=env.device)
        self._held: torch.Tensor | None = None

    @property
    @abstractmethod
    def command(self) -> torch.Tensor:
        """The goal, `(num_envs, dim)`."""

    @abstractmethod
    def resample(self, mask: torch.Tensor) -> None:
        """Draw new goals for the envs in `mask`, bool `(num_envs,)`."""

    def update(self) -> None:
        """Refresh what depends on the state; called every control step after resampling."""

    def markers(self) -> list[SphereMarker]:
        """Return what shows the goal in pictures; nothing by default."""
        return []

    def describe(self) -> dict[str, Any]:
        """Return what a deployment needs to know to give this command, as plain values: its config by default."""
        return to_json(self.cfg)

    def hold(self, command: torch.Tensor | None) -> None:
        """Let the goal of all envs be `command`, `(dim,)`, from the next step or reset on, whatever is drawn.

        `None` lets the goals that are drawn from then on apply again.
        """
        self._held = command

    def reset(self, mask: torch.Tensor) -> None:
        """Begin an episode for the envs in `mask`, bool `(num_envs,)`."""
        self._renew(mask)
        self._apply_held()

    def compute(self, dt: float) -> None:
        """Advance the timer by `dt` seconds and resample where it is up."""
        self._time_left -= dt
        due = self._time_left <= 0.0
        if not self.env.nobody(due):
            self._renew(due)
        self.update()
        self._apply_held()

    def _apply_held(self) -> None:
        if self._held is not None:
            self.load_command(self._held.repeat(self.env.num_envs, 1))

    def _renew(self, mask: torch.Tensor) -> None:
        """Draw a goal and restart the timer for the envs in `mask`."""
        low, high = self.cfg.resampling_s
        drawn = self.env.random.uniform(f"command_timer/{self.name}", 1, mask, low=low, high=high)[:, 0]
        self._time_left = torch.where(mask, drawn, self._time_left)
        self.resample(mask)

    def state_dict(self) -> dict[str, Any]:
        return {"time_left": self._time_left.clone(), "command": self.command.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._time_left = state["time_left"].to(self._time_left.device, copy=True)
        self.load_command(state["command"].to(self._time_left.device, copy=True))

    @abstractmethod
    def load_command(self, command: torch.Tensor) -> None:
        """Set the goal, `(num_envs, dim)`."""


class CommandManager:
    """Runs command terms.

    manager = CommandManager({"target": mdp.UniformCommandCfg(low=(-1.0,), high=(1.0,))}, env)
    manager.reset(done)  # when episodes end
    manager.compute(env.step_dt)  # in each control step
    target = manager.get("target")  # (num_envs, 1)
    """

    def __init__(self, cfg: dict[str, CommandTermCfg], env: TermEnv) -> None:
        self.terms: dict[str, CommandTerm] = {}
        for name, term_cfg in cfg.items():
            term = built(term_cfg, CommandTerm, env)
            term.name = name
            self.terms[name] = term

    @property
    def active_terms(self) -> list[str]:
        return list(self.terms)

    def get(self, name: str) -> torch.Tensor:
        """Return a command, `(num_envs, dim)`."""
        if name not in self.terms:
            raise unknown_name("command", name, self.terms)
        return self.terms[name].command

    def describe(self) -> dict[str, Any]:
        """Return the width, the names of the elements and the config of each command, as plain values."""
        return {
            name: {"dim": term.command.shape[1], "components": list(term.cfg.components), **term.describe()}
            for name, term in self.terms.items()
        }

    def compute(self, dt: float) -> None:
        for term in self.terms.values():
            term.compute(dt)

    def reset(self, mask: torch.Tensor) -> None:
        for term in self.terms.values():
            term.reset(mask)

    def markers(self) -> list[SphereMarker]:
        """Return what shows the goals of all terms in pictures."""
        return [marker for term in self.terms.values() for marker in term.markers()]

    def state_dict(self) -> dict[str, Any]:
        return {name: term.state_dict() for name, term in self.terms.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, term in self.terms.items():
            term.load_state_dict(state[name])
