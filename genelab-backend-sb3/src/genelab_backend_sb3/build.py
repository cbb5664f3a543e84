"""From a typed config to one of the library's algorithms."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from stable_baselines3.common.logger import Logger

from genelab_backend_sb3.algorithms import ALGORITHMS
from genelab_backend_sb3.config import Sb3AgentCfg
from genelab_backend_sb3.hindsight import HindsightBuffer
from genelab_backend_sb3.imitation import ImitatingSAC
from genelab_backend_sb3.networks import POLICIES, policy_kwargs
from genelab_backend_sb3.vec_env import Sb3VecEnv

_log = logging.getLogger(__name__)


def build_algorithm(agent: Sb3AgentCfg, env: Sb3VecEnv) -> Any:
    """Return the algorithm with fresh networks and an empty buffer; its logger keeps values and writes nothing."""
    options: dict[str, Any] = {
        "learning_rate": agent.learning_rate,
        "gamma": agent.discount_factor,
        "policy_kwargs": policy_kwargs(agent),
        "device": str(env.env.device),
        **(_off_policy_options(agent, env) if agent.off_policy else _on_policy_options(agent)),
        **agent.extra_kwargs,
    }
    with warnings.catch_warnings():
        # About mini-batches, said better below, and that a GPU would not pay: the environment chooses the device.
        warnings.filterwarnings("ignore", category=UserWarning, module="stable_baselines3")
        kind: Any = ImitatingSAC if agent.imitates else ALGORITHMS[agent.algorithm]
        algorithm = kind(POLICIES[agent.algorithm], env, **options)
    algorithm.set_logger(Logger(None, []))
    if not agent.off_policy:
        env.terminal_value = algorithm.terminal_value
        _announce_last_mini_batch(agent, env.num_envs)
    elif agent.imitates:
        algorithm.imitation = agent.imitation
    elif agent.algorithm != "SAC":
        algorithm.exploration_noise = agent.action_noise
    return algorithm


def _announce_last_mini_batch(agent: Sb3AgentCfg, num_envs: int) -> None:
    samples = agent.n_steps * num_envs
    if agent.algorithm == "PPO" and samples % agent.batch_size:
        _log.warning(
            "a rollout has %d samples: its last mini-batch has %d of %d (agent.batch_size)",
            samples,
            samples % agent.batch_size,
            agent.batch_size,
        )


def _on_policy_options(agent: Sb3AgentCfg) -> dict[str, Any]:
    options: dict[str, Any] = {"n_steps": agent.n_steps, "gae_lambda": agent.gae_lambda, "ent_coef": agent.ent_coef}
    if agent.algorithm == "PPO":
        options |= {"batch_size": agent.batch_size, "n_epochs": agent.n_epochs, "clip_range": agent.clip_range}
    return options


def _off_policy_options(agent: Sb3AgentCfg, env: Sb3VecEnv) -> dict[str, Any]:
    options: dict[str, Any] = {
        "buffer_size": agent.buffer_size,
        "learning_starts": agent.learning_starts,
        "batch_size": agent.batch_size,
        "tau": agent.tau,
        "train_freq": agent.train_freq,
    }
    if agent.her.enabled:
        options |= _her_options(agent, env)
    return options


def _her_options(agent: Sb3AgentCfg, env: Sb3VecEnv) -> dict[str, Any]:
    starts = agent.learning_starts
    first_end = env.num_envs * (env.env.max_episode_length + 1)
    if starts < first_end:
        # Goals are taken from whole episodes only.
        _log.warning("learning starts after %d steps, not %d: the first episodes end then", first_end, starts)
        starts = first_end
    replay = {
        "n_sampled_goal": agent.her.n_sampled_goal,
        "goal_selection_strategy": agent.her.goal_selection_strategy,
        "relabel_observation": agent.her.relabel_observation,
    }
    return {"replay_buffer_class": HindsightBuffer, "replay_buffer_kwargs": replay, "learning_starts": starts}
