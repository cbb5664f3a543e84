"""One environment in several processes, because Genesis uses one core of a CPU."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.envs.shard import Shard, Spec, shared_tensors
from genelab.envs.vec_env import Observation, Step, StepView, box_spaces
from genelab.managers.observation_layout import ObservationLayout
from genelab.managers.random_streams import Rows
from genelab.utils.errors import GenelabError, UsageError

MEMORY = Path("/dev/shm")


class ShardedEnv:
    """A `VecEnv` whose envs are shared out over `cfg.simulation.shards` processes, bit for bit what one process gives.

    For training on a CPU. What looks into the environment (metrics, films, step observers) needs it in one process, and
    so does the record of randomised draws, `extras["draws"]`.

    Raises:
        UsageError: if the GPU is asked for, or there are fewer envs than shards.
        GenelabError: from any method, when a worker fails or dies.
    """

    def __init__(self, cfg: ManagerBasedRlEnvCfg, *, dump_dir: Path | None = None) -> None:
        total, shards = cfg.simulation.num_envs, cfg.simulation.shards
        if cfg.simulation.gpu:
            raise UsageError("shards are for the CPU", where="env.simulation.shards", fix="leave --gpu or shards out")
        if shards > total:
            raise UsageError(f"{shards} shards for {total} envs", where="env.simulation.shards")
        self.cfg, self.num_envs, self.device = cfg, total, torch.device("cpu")
        self.step_dt, self.max_episode_length = cfg.step_dt, cfg.max_episode_length
        self.step_observers: list[Callable[[StepView], None]] = []
        self._raw = False
        self._shards: list[Shard] = []
        self._folder = tempfile.TemporaryDirectory(prefix="genelab-", dir=MEMORY if MEMORY.is_dir() else None)
        try:
            self._start(shards, dump_dir)
        except BaseException:
            self.close()
            raise

    def _start(self, shards: int, dump_dir: Path | None) -> None:
        folder, first = Path(self._folder.name), 0
        for index in range(shards):
            cfg = deepcopy(self.cfg)
            cfg.simulation.num_envs = self.num_envs // shards + (index < self.num_envs % shards)
            cfg.simulation.gpu = False
            self._shards.append(Shard(cfg, Rows(first, self.num_envs), folder, dump_dir))
            first += cfg.simulation.num_envs
        about = self._ask("describe")[0]
        self.observation_layout = ObservationLayout.from_json(about["layout"])
        self._terminations: list[str] = about["terminations"]
        self._actuation, self._deployment = about["actuation"], about["deployment"]
        self.action_dim: int = about["action_dim"]
        self.single_observation_space, self.single_action_space = box_spaces(self.observation_layout, self.action_dim)
        spec = self._spec()
        self._shared = shared_tensors(folder, spec)
        self._ask("share", folder=str(folder), spec=spec)

    def _spec(self) -> Spec:
        rows = [self.num_envs]
        spec: Spec = {"action": ([*rows, self.action_dim], "float32"), "reward": (rows, "float32")}
        spec["episode_length"] = (rows, "int64")
        for name, group in self.observation_layout.groups.items():
            spec[f"observation/{name}"] = spec[f"final/{name}"] = ([*rows, group.dim], "float32")
        flags = ["terminated", "truncated", "nan_reset", "is_success"]
        flags += [f"termination/{name}" for name in self._terminations]
        spec.update(dict.fromkeys(flags, (rows, "bool")))
        return spec

    def _ask(self, call: str, **arguments: Any) -> list[dict[str, Any]]:
        """Let all workers do something at the same time; return their answers."""
        for shard in self._shards:
            shard.send(call, **arguments)
        return [shard.receive() for shard in self._shards]

    def _read(self, kind: str, names: list[str]) -> Observation:
        return {name: self._shared[f"{kind}/{name}"].clone() for name in names}

    @property
    def unwrapped(self) -> ShardedEnv:
        return self

    @property
    def raw_observations(self) -> bool:
        return self._raw

    @raw_observations.setter
    def raw_observations(self, value: bool) -> None:
        self._raw = value
        self._ask("observe", raw=value)

    @property
    def episode_length_buf(self) -> torch.Tensor:
        return self._shared["episode_length"].clone()

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:
        self._shared["episode_length"].copy_(value)
        self._ask("set_episode_length")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset every env; see `VecEnv.reset`."""
        answers = self._ask("reset", seed=seed, options=options)
        extras: dict[str, Any] = {}
        if "init_hash" in answers[0]:
            extras["init_hash"] = [value for answer in answers for value in answer["init_hash"]]
        return self._observed(), extras

    def step(self, actions: torch.Tensor) -> Step:
        """Advance one control step; see `VecEnv.step`."""
        if self.step_observers:
            raise GenelabError("step observers look into an environment", fix="set simulation.shards to 1")
        shared = self._shared
        if actions.shape != shared["action"].shape:
            raise GenelabError(
                f"actions have shape {tuple(actions.shape)}", fix=f"give {tuple(shared['action'].shape)}"
            )
        shared["action"].copy_(actions)
        answers = self._ask("step")
        extras: dict[str, Any] = {
            "nan_reset": shared["nan_reset"].clone(),
            "termination_terms": self._read("termination", self._terminations),
        }
        if answers[0]["success"]:
            extras["is_success"] = shared["is_success"].clone()
        reset = [answer for answer in answers if "resets" in answer]
        if reset:
            extras["final_obs"] = self._read("final", list(self.observation_layout.groups))
            extras["log"] = _mean_logs(reset)
            hashes = {int(slot): value for answer in reset for slot, value in answer["init_hash"].items()}
            if hashes:
                extras["init_hash"] = hashes
        reward, terminated, truncated = (shared[name].clone() for name in ("reward", "terminated", "truncated"))
        return self._observed(), reward, terminated, truncated, extras

    def _observed(self) -> Observation:
        return self._read("observation", list(self.observation_layout.groups))

    def get_observations(self) -> Observation:
        """Return the last observations again."""
        return self._observed()

    def render(self, index: int = 0) -> np.ndarray:
        """Refuse: a camera needs the scene in this process."""
        raise GenelabError("a picture needs the environment in one process", fix="set simulation.shards to 1")

    def describe_actuation(self) -> dict[str, Any] | None:
        return self._actuation

    def describe_deployment(self) -> dict[str, Any] | None:
        return self._deployment

    def state_dict(self) -> dict[str, Any]:
        """Return the states of all processes; they can be loaded with the same number of shards only."""
        paths = self._state_files()
        for shard, path in zip(self._shards, paths, strict=True):
            shard.send("save", path=str(path))
        for shard in self._shards:
            shard.receive()
        return {"shards": [torch.load(path, weights_only=True) for path in paths]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned; what follows is then bit-equal.

        Raises:
            GenelabError: if the state is of another number of shards.
        """
        saved = state.get("shards", [])
        if len(saved) != len(self._shards):
            raise GenelabError(
                f"the saved state has {len(saved) or 1} shards, this environment {len(self._shards)}",
                fix=f"set env.simulation.shards to {len(saved) or 1}",
            )
        for shard, path, part in zip(self._shards, self._state_files(), saved, strict=True):
            torch.save(part, path)
            shard.send("load", path=str(path))
        for shard in self._shards:
            shard.receive()
        self._ask("observe", raw=self._raw)

    def _state_files(self) -> list[Path]:
        return [Path(self._folder.name) / f"state_{index}.pt" for index in range(len(self._shards))]

    def close(self) -> None:
        """End the processes."""
        for shard in self._shards:
            shard.close()
        self._folder.cleanup()


def _mean_logs(answers: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Average what the workers log, each weighted with the number of its envs that were reset."""
    total = sum(answer["resets"] for answer in answers)
    mean: dict[str, float] = {}
    for answer in answers:
        for name, value in answer["log"].items():
            mean[name] = mean.get(name, 0.0) + value * answer["resets"] / total
    return {name: torch.tensor(value) for name, value in mean.items()}
