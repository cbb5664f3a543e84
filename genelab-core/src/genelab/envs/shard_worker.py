"""The far end of a `Shard`: one environment, steered through a pipe. Ends when its parent does."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from genelab.config.serialization import from_json
from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.envs.shard import Spec, shared_tensors
from genelab.managers.random_streams import Rows
from genelab.plugins.catalog import get_catalog
from genelab.utils.errors import GenelabError


class Worker:
    """Answers the calls of `ShardedEnv`; each method is one call and returns the answer, plain JSON."""

    def __init__(self, request: dict[str, Any]) -> None:
        get_catalog()  # plugins that were named as files are modules from now on
        dump_dir = request["dump_dir"]
        self.env = ManagerBasedRlEnv(
            from_json(request["cfg"]),
            rows=Rows(request["first"], request["total"]),
            dump_dir=None if dump_dir is None else Path(dump_dir),
        )
        self._first = request["first"]
        self._shared: dict[str, torch.Tensor] = {}

    def describe(self) -> dict[str, Any]:
        env = self.env
        return {
            "layout": env.observation_layout.to_json(),
            "action_dim": env.action_dim,
            "terminations": list(env.termination_manager.by_name()),
            "actuation": env.describe_actuation(),
            "deployment": env.describe_deployment(),
        }

    def share(self, folder: str, spec: Spec) -> dict[str, Any]:
        rows = slice(self._first, self._first + self.env.num_envs)
        self._shared = {name: tensor[rows] for name, tensor in shared_tensors(Path(folder), spec).items()}
        return {}

    def reset(self, seed: int | None, options: dict[str, Any] | None) -> dict[str, Any]:
        observations, extras = self.env.reset(seed=seed, options=options)
        self._write("observation", observations)
        self._shared["episode_length"].copy_(self.env.episode_length_buf)
        return {name: extras[name] for name in ("init_hash",) if name in extras}

    def step(self) -> dict[str, Any]:
        shared = self._shared
        observations, reward, terminated, truncated, extras = self.env.step(shared["action"].clone())
        self._write("observation", observations)
        self._write("termination", extras["termination_terms"])
        for name, value in (("reward", reward), ("terminated", terminated), ("truncated", truncated)):
            shared[name].copy_(value)
        shared["nan_reset"].copy_(extras["nan_reset"])
        shared["episode_length"].copy_(self.env.episode_length_buf)
        answer: dict[str, Any] = {"success": "is_success" in extras}
        if "is_success" in extras:
            shared["is_success"].copy_(extras["is_success"])
        if "final_obs" in extras:
            self._write("final", extras["final_obs"])
            answer["resets"] = int((terminated | truncated).sum())
            answer["log"] = {name: float(value) for name, value in extras["log"].items()}
            hashes = extras.get("init_hash", {})
            answer["init_hash"] = {str(self._first + slot): value for slot, value in hashes.items()}
        return answer

    def observe(self, raw: bool) -> dict[str, Any]:
        self.env.raw_observations = raw
        self._write("observation", self.env.get_observations())
        return {}

    def set_episode_length(self) -> dict[str, Any]:
        self.env.episode_length_buf = self._shared["episode_length"].clone()
        return {}

    def save(self, path: str) -> dict[str, Any]:
        torch.save(self.env.state_dict(), path)
        return {}

    def load(self, path: str) -> dict[str, Any]:
        self.env.load_state_dict(torch.load(path, weights_only=True))
        return {}

    def _write(self, kind: str, values: dict[str, torch.Tensor]) -> None:
        for name, value in values.items():
            self._shared[f"{kind}/{name}"].copy_(value)


def main(request: Path, calls: int, answers: int) -> None:
    """Serve until the pipe of calls is closed."""
    torch.set_num_threads(1)
    with os.fdopen(calls) as source, os.fdopen(answers, "w") as target:
        worker: Worker | None = None
        for line in source:
            call = json.loads(line)
            try:
                worker = worker or Worker(json.loads(request.read_text()))
                answer = getattr(worker, call.pop("call"))(**call)
            except GenelabError as error:
                answer = {"error": error.what, "where": error.where, "fix": error.fix}
            target.write(json.dumps(answer) + "\n")
            target.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
