"""Demonstrations that fill the replay buffer before a new run learns; `genelab.rl.demonstrations` says what they hold.

They are recorded with as many envs as the training has.
"""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import HerReplayBuffer

from genelab.managers.observation_layout import ObservationLayout
from genelab.rl.demonstrations import read_demonstration_arrays, require_demonstrated_layout
from genelab.utils.errors import UsageError
from genelab_backend_sb3.config import Sb3AgentCfg
from genelab_backend_sb3.networks import GOAL_KEYS, update_normalizers
from genelab_backend_sb3.vec_env import shared_infos


@dataclass(frozen=True)
class Demonstrations:
    """What a file holds of use to an agent.

    Attributes:
        name: The file's name.
        arrays: Arrays `(steps, num_envs, …)` by name, float32.
        about: What the file says about itself; empty for one from elsewhere.
    """

    name: str
    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def read_demonstrations(path: str | os.PathLike[str], agent: Sb3AgentCfg, num_envs: int) -> Demonstrations:
    """Return the content of a file.

    Raises:
        UsageError: if there is no such file, it is broken or lacks an array, it was recorded with another number of
            envs, has more steps than the replay buffer, widths that do not agree, or it holds something that is not
            finite or an action out of bounds.
    """
    path = Path(path)
    names = [f"{kind}_{group}" for kind in ("obs", "next_obs") for group in agent.groups]
    names += ["actions", "rewards", "dones", "truncateds"]
    content, about = read_demonstration_arrays(path)
    missing = [name for name in names if name not in content]
    if missing:
        raise UsageError(f"{path.name} lacks {', '.join(missing)}", where=str(path))
    arrays = {name: np.asarray(content[name], dtype=np.float32) for name in names}
    _check(path, arrays, agent, num_envs)
    return Demonstrations(path.name, arrays, about)


def _check(path: Path, arrays: dict[str, np.ndarray], agent: Sb3AgentCfg, num_envs: int) -> None:
    lead = arrays["actions"].shape[:2]
    uneven = [name for name, value in arrays.items() if value.shape[:2] != lead]
    if uneven or len(lead) < 2:
        raise UsageError(f"{path.name}: {', '.join(uneven or arrays)} has not the steps and envs of actions, {lead}")
    _check_widths(path, arrays, agent)
    steps, recorded = lead
    if recorded != num_envs:
        raise UsageError(
            f"{path.name} was recorded with {recorded} envs, not {num_envs}",
            where=str(path),
            fix=f"train with --num-envs {recorded}, or record with {num_envs}",
        )
    if steps > agent.buffer_size // num_envs:
        raise UsageError(
            f"{path.name} has {steps} steps of {num_envs} envs, more than the replay buffer",
            where="agent.buffer_size",
            fix=f"--agent.buffer_size {steps * num_envs} or more",
        )
    broken = [name for name, value in arrays.items() if not np.isfinite(value).all()]
    if broken:
        raise UsageError(f"{path.name}: {', '.join(broken)} is not finite", where=str(path))
    largest = float(np.abs(arrays["actions"]).max(initial=0.0))
    if largest > agent.clip_actions * (1.0 + 1e-5):
        raise UsageError(
            f"{path.name} has actions up to {largest:g}, beyond ±{agent.clip_actions:g}", where="agent.clip_actions"
        )


def _check_widths(path: Path, arrays: dict[str, np.ndarray], agent: Sb3AgentCfg) -> None:
    """Refuse a layout that no task has; whether it is the layout of this task shows when the environment is there."""
    pairs = [(f"obs_{group}", f"next_obs_{group}") for group in agent.groups]
    if agent.her.enabled:
        pairs.append((f"obs_{agent.her.achieved_goal_group}", f"obs_{agent.her.desired_goal_group}"))
    for first, second in pairs:
        if arrays[first].ndim != 3 or arrays[first].shape != arrays[second].shape:
            raise UsageError(
                f"{path.name} has another layout: {first} has shape {arrays[first].shape}, "
                f"{second} {arrays[second].shape}",
                where=str(path),
                fix="both are (steps, num_envs, width); record the demonstrations with this task",
            )


def take_in(algorithm: Any, agent: Sb3AgentCfg, demonstrations: Demonstrations, layout: ObservationLayout) -> None:
    """Put demonstrations where the agent learns from them, and learn what is to be learnt before it acts.

    Raises:
        UsageError: if they have other observations than the task, whose `layout` it is, or other widths.
    """
    if not agent.imitates:
        prefill(algorithm, algorithm.replay_buffer, agent, demonstrations, layout)
        return
    # A row more than is needed: the library takes an unfinished episode that fills a whole buffer for none.
    algorithm.demonstrations = demonstration_buffer(algorithm, len(demonstrations.arrays["actions"]) + 1)
    prefill(algorithm, algorithm.demonstrations, agent, demonstrations, layout)
    updates = agent.imitation.updates_before
    if updates:
        print(f"{updates} updates on {demonstrations.name} before the first step", file=sys.stderr)
    algorithm.imitate()


def demonstration_buffer(algorithm: Any, rows: int) -> Any:
    """Return an empty buffer for `rows` steps of all envs, in which goals stay as they are."""
    kind, kwargs = algorithm.replay_buffer_class, algorithm.replay_buffer_kwargs
    if issubclass(kind, HerReplayBuffer):
        kwargs = {**kwargs, "n_sampled_goal": 0, "env": algorithm.env}
    size, spaces = rows * algorithm.n_envs, (algorithm.observation_space, algorithm.action_space)
    return kind(size, *spaces, device=algorithm.device, n_envs=algorithm.n_envs, **kwargs)


def prefill(
    algorithm: Any, buffer: Any, agent: Sb3AgentCfg, demonstrations: Demonstrations, layout: ObservationLayout
) -> None:
    """Put demonstrations into a replay buffer and their observations into the statistics.

    Raises:
        UsageError: if they have other observations than the task, whose `layout` it is, or other widths.
    """
    require_demonstrated_layout(demonstrations.name, demonstrations.about, layout, agent.groups)
    arrays = demonstrations.arrays
    observations, successors = _observations(arrays, "obs", agent), _observations(arrays, "next_obs", agent)
    widths = _widths(observations), arrays["actions"].shape[2:]
    expected = _widths(buffer.observations), buffer.actions.shape[2:]
    if widths != expected:
        raise UsageError(f"the demonstrations have widths {widths}, the task has {expected}", where="agent.demo_path")
    time_outs = (arrays["truncateds"] > 0) & (arrays["dones"] > 0)
    for step, action in enumerate(arrays["actions"]):
        buffer.add(
            _at(observations, step),
            _at(successors, step),
            action / agent.clip_actions,
            arrays["rewards"][step],
            arrays["dones"][step],
            shared_infos(time_outs[step]),
        )
    if isinstance(buffer, HerReplayBuffer):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that an episode was cut off is meant
            buffer.truncate_last_trajectory()
    update_normalizers(algorithm.policy, _flat(observations), algorithm.device)


def _observations(arrays: dict[str, np.ndarray], kind: str, agent: Sb3AgentCfg) -> Any:
    groups = [arrays[f"{kind}_{group}"] for group in agent.groups]
    return dict(zip(GOAL_KEYS, groups, strict=True)) if agent.her.enabled else np.concatenate(groups, axis=2)


def _widths(observations: Any) -> Any:
    if isinstance(observations, dict):
        return {key: observations[key].shape[2:] for key in GOAL_KEYS}
    return observations.shape[2:]


def _at(observations: Any, step: int) -> Any:
    if isinstance(observations, dict):
        return {key: value[step] for key, value in observations.items()}
    return observations[step]


def _flat(observations: Any) -> Any:
    if isinstance(observations, dict):
        return {key: value.reshape(-1, value.shape[2]) for key, value in observations.items()}
    return observations.reshape(-1, observations.shape[2])
