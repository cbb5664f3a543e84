"""The reference rollout: what the simulator of the training did in the first second, for other simulators to repeat."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genelab.rl.policy import ActorPolicy, flatten_observations
from genelab.utils.errors import GenelabError
from genelab.utils.files import sha256_file
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.backends.base import InferenceSetup

SECONDS = 1.0
EPISODES = 8
_COMMAND = "command/"


@dataclass(frozen=True)
class ReferenceRollout:
    """Recorded states, observations and actions; float32 but for `last`.

    Row `t` of a state is the one that action `t` was computed from; there is one more of them than of actions.

    Attributes:
        qpos: Generalised positions of the robot, `(steps + 1, episodes, nq)`: a free base's position (m) and
            orientation (w, x, y, z), then the joints, rad or m.
        qvel: Generalised velocities `(steps + 1, episodes, nv)`: a free base's world linear and body angular velocity,
            then the joints'.
        observations: Raw flat observations, `(steps + 1, episodes, obs_dim)`.
        actions: `(steps, episodes, action_dim)`.
        last: Last row of each episode, int64 `(episodes,)`; rows after it are of the next one and mean nothing.
        commands: By name, `(steps + 1, episodes, dim)`.
    """

    qpos: np.ndarray
    qvel: np.ndarray
    observations: np.ndarray
    actions: np.ndarray
    last: np.ndarray
    commands: dict[str, np.ndarray]

    def write(self, path: Path) -> None:
        """Write a compressed npz file."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "commands"}
        arrays |= {_COMMAND + name: values for name, values in self.commands.items()}
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path, sha256: str) -> ReferenceRollout:
        """Read what `write` wrote.

        Raises:
            GenelabError: if the file is missing, is not the one with this SHA-256, or cannot be read.
        """
        if not path.is_file():
            raise GenelabError(
                f"{path.name} is missing", where=str(path.parent), fix="keep the policy's files together"
            )
        if sha256_file(path) != sha256:
            raise GenelabError(f"{path.name} is not the file that was written with the policy", where=str(path))
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays: dict[str, Any] = dict(stored)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise GenelabError(f"cannot read {path.name}: {error}", where=str(path)) from error
        commands = {name.removeprefix(_COMMAND): arrays.pop(name) for name in list(arrays) if name.startswith(_COMMAND)}
        return cls(**arrays, commands=commands)


def record_reference(setup: InferenceSetup, env: VecEnv, *, seed: int) -> ReferenceRollout:
    """Run the deterministic actor for a second in episodes 0, 1, … of an evaluation with this seed.

    Args:
        setup: The actor.
        env: An environment with one robot (`describe_deployment`); it is reset, and left in evaluation mode.
        seed: Base seed of the evaluation.
    """
    count, steps = min(EPISODES, env.num_envs), math.ceil(round(SECONDS / env.step_dt, 6))
    policy, before = ActorPolicy(setup, env.observation_layout), env.raw_observations
    recorder = _Recorder(env, count)
    env.raw_observations = True
    try:
        observations, _ = env.reset(seed=seed, options={"evaluation": True})
        last, running = torch.zeros(count, dtype=torch.long), torch.ones(count, dtype=torch.bool)
        for _ in range(steps):
            actions = policy(observations)
            recorder.note(flatten_observations(observations, setup.obs_groups), actions)
            observations, _, terminated, truncated, _ = env.step(actions)
            policy.reset(terminated | truncated)
            running &= ~(terminated | truncated)[:count].cpu()
            last += running
        recorder.note(flatten_observations(observations, setup.obs_groups), None)
    finally:
        env.raw_observations = before
    return recorder.finish(last.numpy())


class _Recorder:
    """Collects rows of the first envs."""

    def __init__(self, env: VecEnv, count: int) -> None:
        self._env, self._count = env.unwrapped, count
        (name,) = env.unwrapped.describe_deployment()["robots"]
        self._robot = self._env.scene[name]
        self._rows: dict[str, list[np.ndarray]] = {}

    def note(self, observations: torch.Tensor, actions: torch.Tensor | None) -> None:
        state = self._robot.physics_state()
        values = {"qpos": state["qpos"], "qvel": state["velocity"], "observations": observations}
        values |= {_COMMAND + name: term.command for name, term in self._env.command_manager.terms.items()}
        if actions is not None:
            values["actions"] = actions
        for name, value in values.items():
            rows = value[: self._count].to(torch.float32).cpu().numpy().copy()
            self._rows.setdefault(name, []).append(rows)

    def finish(self, last: np.ndarray) -> ReferenceRollout:
        arrays: dict[str, Any] = {name: np.stack(rows) for name, rows in self._rows.items()}
        commands = {name.removeprefix(_COMMAND): arrays.pop(name) for name in list(arrays) if name.startswith(_COMMAND)}
        return ReferenceRollout(**arrays, last=last, commands=commands)
