"""What of the algorithm goes into a checkpoint, and comes back from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.rl.checkpoint import load_weights
from genelab_backend_rslrl.ppo import TerminalValuePPO, each_part


class RslRlLearner:
    """PPO as a `genelab.rl.session.Learner`: networks and optimiser, and the hidden states between iterations."""

    def __init__(self, algorithm: TerminalValuePPO, device: torch.device) -> None:
        self._algorithm, self._device = algorithm, device

    def payload(self) -> dict[str, Any]:
        return self._algorithm.save()

    def load_payload(self, payload: dict[str, Any], path: Path, *, learning: bool) -> None:
        load_weights(self._algorithm.actor, payload["actor_state_dict"], "actor", path)
        load_weights(self._algorithm.critic, payload["critic_state_dict"], "critic", path)
        if learning:
            self._algorithm.load(payload, {"optimizer": True}, strict=True)

    def state(self) -> dict[str, Any]:
        models = {"actor": self._algorithm.actor, "critic": self._algorithm.critic}
        return {"hidden_states": {name: model.get_hidden_state() for name, model in models.items()}}

    def load_state(self, state: dict[str, Any]) -> None:
        models = (self._algorithm.actor, self._algorithm.critic)
        for model, hidden in zip(models, state["hidden_states"].values(), strict=True):
            model.reset(hidden_state=each_part(hidden, lambda part: part.to(self._device)))
