"""PPO whose time-outs are bootstrapped from the terminal observation, and what of it goes into a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rsl_rl.algorithms import PPO
from rsl_rl.modules import HiddenState
from tensordict import TensorDict

from genelab.rl.checkpoint import load_weights
from genelab.utils.errors import GenelabError


class TerminalValuePPO(PPO):
    """rsl_rl's PPO with another treatment of time-outs and of hidden states.

    An episode that the time limit cuts off is no failure: its last reward gets γ·V(s') added, where s' is the
    *terminal* observation, before the reset. (The library adds γ·V of the observation one step earlier.) The values of
    a whole rollout are computed in one batch at its end, for the cut-off rows only; networks and normaliser do not
    change during a rollout, so they are the same values.

    Nothing in the rollout waits for the device.

    It is a `genelab.rl.session.Learner`: its payload has networks and optimiser, its state the hidden states.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._time_outs: list[torch.Tensor] = []
        self._terminal: list[tuple[TensorDict, HiddenState] | None] = []

    def process_env_step(
        self, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> None:
        """Store one step; arguments as `RslRlVecEnv.step` returns them."""
        self.transition.rewards = rewards
        self.transition.dones = dones
        self.storage.add_transition(self.transition)
        self.transition.clear()
        self._time_outs.append(extras["time_outs"])
        final_obs = extras.get("final_obs")
        self._terminal.append(None if final_obs is None else (final_obs, self.critic.get_hidden_state()))
        ended = dones.view(1, -1, 1)
        for model in (self.actor, self.critic):
            if model.is_recurrent:
                model.reset(
                    hidden_state=_each_part(model.get_hidden_state(), lambda part: part.masked_fill(ended, 0.0))
                )

    def compute_returns(self, obs: TensorDict) -> None:
        """Bootstrap the time-outs of the rollout, then compute its returns and advantages."""
        self._add_terminal_values()
        super().compute_returns(obs)

    def payload(self) -> dict[str, Any]:
        return self.save()

    def load_payload(self, payload: dict[str, Any], path: Path, *, learning: bool) -> None:
        load_weights(self.actor, payload["actor_state_dict"], "actor", path)
        load_weights(self.critic, payload["critic_state_dict"], "critic", path)
        if learning:
            self.load(payload, {"optimizer": True}, strict=True)

    def state(self) -> dict[str, Any]:
        models = {"actor": self.actor, "critic": self.critic}
        return {"hidden_states": {name: model.get_hidden_state() for name, model in models.items()}}

    def load_state(self, state: dict[str, Any]) -> None:
        for model, hidden in zip((self.actor, self.critic), state["hidden_states"].values(), strict=True):
            model.reset(hidden_state=_each_part(hidden, lambda part: part.to(self.device)))

    def _add_terminal_values(self) -> None:
        steps, rows = torch.stack(self._time_outs).nonzero(as_tuple=True)
        rows_of_step = rows.split(torch.bincount(steps, minlength=len(self._time_outs)).tolist())
        observations, states = [], []
        for step_rows, terminal in zip(rows_of_step, self._terminal, strict=True):
            if len(step_rows) == 0:
                continue
            if terminal is None:
                raise GenelabError(
                    "the environment truncated an episode without giving its terminal observation",
                    fix='return extras["final_obs"] in each step in which an env finishes',
                )
            observations.append(terminal[0][step_rows])
            states.append(_each_part(terminal[1], lambda part, rows=step_rows: part[:, rows]))
        self._time_outs, self._terminal = [], []
        if not observations:
            return
        # The critic's own hidden state belongs to the rollout and must be there again for the next step.
        hidden = self.critic.get_hidden_state()
        self.critic.reset(hidden_state=_side_by_side(states))
        values = self.critic(torch.cat(observations))
        self.critic.reset(hidden_state=hidden)
        self.storage.rewards[steps, rows] += self.gamma * values


def _each_part(state: HiddenState, change: Callable[[torch.Tensor], torch.Tensor]) -> HiddenState:
    """Return `change` of each tensor `(layers, num_envs, hidden)` of a hidden state."""
    if state is None:
        return None
    if isinstance(state, tuple):
        hidden, cell = state
        return change(hidden), change(cell)
    return change(state)


def _side_by_side(states: list[HiddenState]) -> HiddenState:
    """Return the hidden states of several steps as one batch."""
    cells = [state for state in states if isinstance(state, tuple)]
    if cells:
        hidden, cell = (torch.cat(parts, dim=1) for parts in zip(*cells, strict=True))
        return hidden, cell
    plain = [state for state in states if isinstance(state, torch.Tensor)]
    return torch.cat(plain, dim=1) if plain else None
