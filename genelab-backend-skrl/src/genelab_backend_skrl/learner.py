"""What of an agent goes into a checkpoint, and comes back from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genelab.rl.checkpoint import load_weights
from genelab.utils.errors import GenelabError
from genelab_backend_skrl.agents import TrackedAgent
from genelab_backend_skrl.config import SkrlAgentCfg
from genelab_backend_skrl.hindsight import HindsightMemory
from genelab_backend_skrl.library import Memory
from genelab_backend_skrl.weights import PROGRESS, require_algorithm


class SkrlLearner:
    """An agent as a `genelab.rl.session.Learner`: its modules, its memory and its counters."""

    def __init__(self, agent: TrackedAgent, cfg: SkrlAgentCfg) -> None:
        assert agent.memory is not None
        self._agent, self._cfg = agent, cfg
        self._memory: Memory = agent.memory

    def payload(self) -> dict[str, Any]:
        return {name: module.state_dict() for name, module in self._agent.checkpoint_modules.items()}

    def load_payload(self, payload: dict[str, Any], path: Path, *, learning: bool) -> None:
        require_algorithm(payload, path, self._cfg.algorithm)
        here, there = set(self._agent.checkpoint_modules), set(payload) - {PROGRESS}
        lines = [f"{name}: only in this agent" for name in sorted(here - there)]
        lines += [f"{name}: only in the file" for name in sorted(there - here)]
        if lines:
            raise GenelabError(
                f"{path.name} has other parts than this agent:\n    " + "\n    ".join(lines),
                where=str(path),
                fix="use the agent that it was trained with (params/agent.json of its run)",
            )
        for name, module in self._agent.checkpoint_modules.items():
            if isinstance(module, torch.nn.Module):
                load_weights(module, payload[name], name, path)
            elif learning:  # optimisers and the entropy coefficient
                module.load_state_dict(payload[name])

    def state(self) -> dict[str, Any]:
        return {"memory": self._memory_state(), "counters": self._agent.counters()}

    def load_state(self, state: dict[str, Any]) -> None:
        memory, stored = self._memory, state["memory"]
        for name, tensor in stored["tensors"].items():
            memory.tensors[name][: stored["rows"]].copy_(tensor)
        memory.memory_index, memory.filled = stored["index"], stored["filled"]
        if isinstance(memory, HindsightMemory):
            memory.running.copy_(stored["running"])
        self._agent.load_counters(state["counters"])

    def _memory_state(self) -> dict[str, Any]:
        """Return what will be used again: of a rollout only what was written since it began anew."""
        memory = self._memory
        rows = memory.memory_size if not self._cfg.on_policy and memory.filled else memory.memory_index
        # A slice would be saved with all of the memory behind it.
        whole = rows == memory.memory_size
        parts = memory.tensors if whole else {name: part[:rows].clone() for name, part in memory.tensors.items()}
        state = {"rows": rows, "index": memory.memory_index, "filled": memory.filled, "tensors": dict(parts)}
        return state | ({"running": memory.running} if isinstance(memory, HindsightMemory) else {})
