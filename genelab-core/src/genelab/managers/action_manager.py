"""Actions: the vector a policy puts out, cut into terms that drive the robots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from genelab.config.base import built
from genelab.config.terms import ActionTermCfg
from genelab.managers.delay import DelayBuffer
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch
from genelab.utils.stateful import Stateful


class ActionTerm(ABC):
    """A slice of the action; its config's `build(env)` makes it.

    Attributes:
        dim: Its width.
    """

    dim: int

    def __init__(self, cfg: ActionTermCfg, env: TermEnv) -> None:
        self.cfg, self.env = cfg, env

    @abstractmethod
    def apply(self, action: torch.Tensor) -> None:
        """Turn the action `(num_envs, dim)` into targets. Called once a control step, before the physics."""

    def reset(self, mask: torch.Tensor) -> None:
        """Forget the past of the envs in `mask`, bool `(num_envs,)`."""

    def describe(self) -> dict[str, Any]:
        """Return what a deployment needs to know, as plain values."""
        return {"type": type(self).__name__, "dim": self.dim, "entity": self.cfg.entity}


class ActionManager(Stateful):
    """Concatenates the action terms, perturbs the applied action and remembers the last ones.

        manager = ActionManager({"joints": mdp.JointPositionActionCfg(scale=0.5)}, env)
        manager.process(action)  # in each control step, before the physics: (num_envs, manager.dim)
        manager.reset(done)  # when episodes end

    Args:
        cfg: The task's action terms by name.
        env: The environment.
        noise_std: Standard deviation of normal noise on the applied action.
        delay: Delay of the applied action, control steps: drawn per env and episode in this inclusive range.

    Attributes:
        action: The action of this step as the policy gave it, `(num_envs, dim)`.
        previous_action: That of the step before.
        earlier_action: That of the step before that one.
        delay: Holds back what is applied, or `None`.
    """

    remembers = ("action", "previous_action", "earlier_action")

    def __init__(
        self,
        cfg: dict[str, ActionTermCfg],
        env: TermEnv,
        *,
        noise_std: float = 0.0,
        delay: tuple[int, int] = (0, 0),
    ) -> None:
        if not cfg:
            raise GenelabError("the environment has no action term", where="actions")
        self._env = env
        self.terms: dict[str, ActionTerm] = {name: built(term, ActionTerm, env) for name, term in cfg.items()}
        self.dim = sum(term.dim for term in self.terms.values())
        self._noise_std = noise_std
        self.delay = DelayBuffer("action", delay, env.num_envs, self.dim, env.random) if delay != (0, 0) else None
        self.action = torch.zeros(env.num_envs, self.dim, device=env.device)
        self.previous_action = torch.zeros_like(self.action)
        self.earlier_action = torch.zeros_like(self.action)

    @property
    def active_terms(self) -> list[str]:
        return list(self.terms)

    def process(self, action: torch.Tensor) -> None:
        """Take in a policy's action `(num_envs, dim)` and set the targets."""
        self.earlier_action, self.previous_action = self.previous_action, self.action
        self.action = action
        applied = action
        if self._noise_std > 0.0:
            applied = action + self._noise_std * self._env.random.normal("action_noise", self.dim)
        if self.delay is not None:
            applied = self.delay.push(applied)
        start = 0
        for term in self.terms.values():
            term.apply(applied[:, start : start + term.dim])
            start += term.dim

    def reset(self, mask: torch.Tensor) -> None:
        """Zero the remembered actions of the envs in `mask`."""
        column = mask[:, None]
        self.action = self.action.masked_fill(column, 0.0)
        self.previous_action = self.previous_action.masked_fill(column, 0.0)
        self.earlier_action = self.earlier_action.masked_fill(column, 0.0)
        if self.delay is not None:
            self.delay.reset(mask)
        for term in self.terms.values():
            term.reset(mask)

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | ({} if self.delay is None else {"delay": self.delay.state_dict()})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        if self.delay is not None:
            self.delay.load_state_dict(state["delay"])
