"""skrl behind GeneLab's backend contract. Light: torch and skrl are imported by the methods that need them."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.rl.backends.base import Backend, InferenceSetup, TrainContext, TrainResult
from genelab.rl.config import BackendConfig, require_groups
from genelab.utils.errors import UsageError
from genelab_backend_skrl.config import SkrlAgentCfg, SkrlModelsCfg

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv

_log = logging.getLogger(__name__)


class SkrlBackend(Backend):
    """PPO, A2C, SAC, TD3 and DDPG; an iteration is a vector step, what skrl calls a timestep."""

    iteration_unit = "vector steps"

    def default_config(self, env_cfg: Any) -> SkrlAgentCfg:
        """Return PPO with normalised observations.

        The policy reads the group `policy`, or without one every group but `critic`; the value function reads `critic`,
        or without one what the policy reads.
        """
        groups = tuple(env_cfg.observations)
        if not groups:
            raise UsageError("the environment has no observations", where="env.observations")
        actor = ("policy",) if "policy" in groups else tuple(name for name in groups if name != "critic") or groups
        critic = ("critic",) if "critic" in groups else actor
        return SkrlAgentCfg(
            max_iterations=7200,
            save_interval=1200,
            obs_group=actor,
            state_group=critic,
            learning_rate=1e-3,
            learning_rate_schedule="adaptive",
            models=SkrlModelsCfg(hidden_dims=(128, 128, 128), obs_normalization=True),
        )

    def validate(self, agent: BackendConfig, num_envs: int, env_cfg: Any) -> None:
        """Check what skrl would find too late, or never.

        Raises:
            UsageError: for observation groups that the environment lacks, a budget that ends before the first update,
                batches of a single sample, a replay memory that is smaller than a batch or, with HER, than an episode,
                sampled actions that SAC, TD3 or DDPG would clip, and HER without a replay memory, reward function or
                goals, or that begins before an episode has ended.
        """
        agent = _own(agent)
        require_groups(env_cfg.observations, agent.obs_group, "agent.obs_group")
        require_groups(env_cfg.observations, agent.state_group, "agent.state_group")
        if agent.on_policy:
            _validate_on_policy(agent, num_envs)
        else:
            _validate_off_policy(agent, num_envs)
        if agent.her.enabled:
            _validate_hindsight(agent, num_envs, env_cfg.max_episode_length)

    def iterations_for(self, agent: BackendConfig, num_envs: int, total_steps: int) -> int:
        """Return the vector steps for `total_steps`; for PPO and A2C a multiple of `rollouts`, so that none is lost."""
        agent = _own(agent)
        unit = agent.rollouts if agent.on_policy else 1
        return math.ceil(total_steps / (num_envs * unit)) * unit

    def train(self, ctx: TrainContext) -> TrainResult:
        """Train, continue or begin from given weights, as `ctx` says."""
        from genelab.rl.distribution_checks import without_distribution_checks
        from genelab_backend_skrl.trainer import Trainer

        agent = _own(ctx.agent)
        self.validate(agent, ctx.env.num_envs, ctx.env.cfg)
        with without_distribution_checks():
            return Trainer(ctx, agent).learn()

    def checkpoints(self, log_dir: Path) -> list[Path]:
        """Return the run's `checkpoints/agent_<timestep>.pt`, oldest first."""
        from genelab_backend_skrl.weights import checkpoint_files

        return checkpoint_files(log_dir).models()

    def load(self, checkpoint: Path, agent: BackendConfig, env: VecEnv) -> InferenceSetup:
        """Load the actor of a checkpoint; see the contract for what is refused."""
        from genelab.rl.checkpoint import load_weights, require_layout
        from genelab_backend_skrl.build import build_policy, build_scaler
        from genelab_backend_skrl.inference import build_actor, sampler
        from genelab_backend_skrl.vec_env import spaces_of
        from genelab_backend_skrl.weights import PROGRESS, load_payload

        agent = _own(agent)
        groups = agent.obs_group
        require_groups(env.observation_layout.groups, groups, "agent.obs_group")
        payload, meta = load_payload(checkpoint, agent.algorithm)
        require_layout(checkpoint, meta, env.observation_layout, groups)
        spaces = spaces_of(env, groups, groups)
        policy = build_policy(agent, spaces)
        load_weights(policy, payload["policy"], "policy", checkpoint)
        scaler = build_scaler(spaces) if agent.models.obs_normalization else None
        if scaler is not None or "observation_preprocessor" in payload:
            holder = _nothing() if scaler is None else scaler
            load_weights(holder, payload.get("observation_preprocessor", {}), "normaliser", checkpoint)
        actor = build_actor(policy.eval(), scaler, agent)
        progress = payload[PROGRESS]
        return InferenceSetup(
            obs_groups=groups,
            actor=actor,
            actor_input_dim=policy.num_observations,
            action_dim=policy.num_actions,
            sample=sampler(actor, policy, agent),
            info={
                "iteration": progress["timestep"],
                "env_steps": progress["env_steps"],
                "algorithm": progress["algorithm"],
            },
        )


def _nothing() -> Any:
    """Return the normaliser of an agent without one: a module that holds nothing."""
    from torch import nn

    return nn.Identity()


def _own(agent: BackendConfig) -> SkrlAgentCfg:
    """Return `agent` if it is one of this backend, else raise `UsageError`."""
    if not isinstance(agent, SkrlAgentCfg):
        raise UsageError(f"an agent of type {type(agent).__name__} is not for the backend skrl")
    return agent


def _validate_on_policy(agent: SkrlAgentCfg, num_envs: int) -> None:
    samples = num_envs * agent.rollouts
    if samples < 2 * agent.mini_batches:
        raise UsageError(
            f"{num_envs} envs × {agent.rollouts} steps are {samples} samples: less than two for each of "
            f"{agent.mini_batches} mini-batches",
            where="agent.mini_batches",
            fix="use more envs, longer rollouts or fewer mini-batches",
        )
    if agent.max_iterations < agent.rollouts:
        raise UsageError(
            f"{agent.max_iterations} vector steps end before the first update, after {agent.rollouts}",
            where="agent.max_iterations",
            fix=f"--max-iterations counts vector steps for skrl: give {agent.rollouts} or more",
        )
    if agent.max_iterations % agent.rollouts:
        rest = agent.max_iterations % agent.rollouts
        _log.warning("the last %d of %d vector steps teach nothing: they fill no rollout", rest, agent.max_iterations)


def _validate_off_policy(agent: SkrlAgentCfg, num_envs: int) -> None:
    if agent.models.clip_actions:
        raise UsageError(
            f"{agent.algorithm} bounds its actions by tanh; clipping them would falsify their probability",
            where="agent.models.clip_actions",
            fix="--agent.models.clip_actions false",
        )
    rows = agent.replay_size // num_envs
    if rows * num_envs < max(agent.batch_size, 2):
        raise UsageError(
            f"a replay memory of {agent.replay_size} transitions holds {rows} of each of {num_envs} envs: "
            f"not even a batch of {agent.batch_size}",
            where="agent.replay_size",
            fix=f"--agent.replay_size {max(100 * num_envs, 2 * agent.batch_size)}",
        )
    if agent.batch_size < 2:
        raise UsageError("a batch needs two transitions for their variance", where="agent.batch_size")
    if agent.max_iterations <= agent.learning_starts:
        raise UsageError(
            f"{agent.max_iterations} vector steps end before learning starts, after {agent.learning_starts}",
            where="agent.max_iterations",
            fix=f"--max-iterations counts vector steps for skrl: give more than {agent.learning_starts}, or lower "
            "--agent.learning_starts",
        )


def _validate_hindsight(agent: SkrlAgentCfg, num_envs: int, episode: int) -> None:
    if agent.on_policy:
        raise UsageError(
            f"{agent.algorithm} has no replay memory to relabel goals in",
            where="agent.her.enabled",
            fix="use SAC, TD3 or DDPG, or --agent.her.enabled false",
        )
    if agent.her.compute_reward is None:
        raise UsageError(
            "hindsight experience replay has no function that gives the rewards of other goals",
            where="agent.her.compute_reward",
            fix="name one as package.module:function",
        )
    for field, groups in (("obs_group", agent.obs_group), ("state_group", agent.state_group)):
        lacking = [name for name in agent.her.groups if name not in groups]
        if lacking:
            raise UsageError(
                f"hindsight experience replay needs {', '.join(lacking)} in agent.{field}",
                where="agent.her",
                fix=f"--agent.{field} {','.join(agent.her.groups)}, or other names in agent.her",
            )
    if agent.replay_size // num_envs <= episode:
        raise UsageError(
            f"a replay memory of {agent.replay_size} transitions for {num_envs} envs is shorter than an episode of "
            f"{episode} steps",
            where="agent.replay_size",
            fix=f"--agent.replay_size {8 * num_envs * (episode + 1)} or more, or fewer envs",
        )
    if agent.learning_starts < episode:
        raise UsageError(
            f"learning starts after {agent.learning_starts} vector steps, before the first episodes of {episode} end",
            where="agent.learning_starts",
            fix=f"--agent.learning_starts {episode} or more: goals are taken from whole episodes",
        )
