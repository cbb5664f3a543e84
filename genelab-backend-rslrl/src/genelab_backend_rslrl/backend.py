"""rsl_rl behind GeneLab's backend contract. Light: torch and rsl_rl are imported by the methods that need them."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.rl.backends.base import Backend, InferenceSetup, RecurrentSpec, TrainContext, TrainResult
from genelab.rl.config import BackendConfig, require_groups
from genelab.utils.errors import UsageError
from genelab_backend_rslrl.config import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv

_log = logging.getLogger(__name__)


class RslRlBackend(Backend):
    """PPO with feed-forward or recurrent networks; an iteration is `num_steps_per_env` steps and an update."""

    def default_config(self, env_cfg: Any) -> RslRlOnPolicyRunnerCfg:
        """Return PPO over the groups `policy` and, if there is one, `critic`, with normalised observations."""
        groups = list(env_cfg.observations)
        if not groups:
            raise UsageError("the environment has no observations", where="env.observations")
        actor = "policy" if "policy" in groups else groups[0]
        critic = "critic" if "critic" in groups else actor
        return RslRlOnPolicyRunnerCfg(
            obs_groups={"actor": (actor,), "critic": (critic,)},
            actor=RslRlModelCfg(obs_normalization=True, distribution_cfg=RslRlGaussianCfg()),
            critic=RslRlModelCfg(obs_normalization=True),
        )

    def validate(self, agent: BackendConfig, num_envs: int, env_cfg: Any) -> None:
        """Check what rsl_rl would find too late, or never.

        Raises:
            UsageError: for an actor without a distribution, a critic with one, observation groups that the environment
                lacks, fewer samples or (recurrent) envs than mini-batches, and symmetry with a recurrent network.
        """
        agent = _own(agent)
        require_groups(env_cfg.observations, agent.obs_groups["actor"] + agent.obs_groups["critic"], "agent.obs_groups")
        parts, samples = agent.algorithm.num_mini_batches, num_envs * agent.num_steps_per_env
        if samples < max(2, parts):
            raise UsageError(
                f"{num_envs} envs × {agent.num_steps_per_env} steps are {samples} samples for {parts} mini-batches",
                where="agent.algorithm.num_mini_batches",
                fix="use more envs, more steps or fewer mini-batches",
            )
        if agent.actor.rnn_type is not None or agent.critic.rnn_type is not None:
            _validate_recurrent(agent, num_envs)

    def iterations_for(self, agent: BackendConfig, num_envs: int, total_steps: int) -> int:
        return math.ceil(total_steps / (num_envs * _own(agent).num_steps_per_env))

    def train(self, ctx: TrainContext) -> TrainResult:
        """Train, continue or begin from given weights, as `ctx` says."""
        from genelab.rl.distribution_checks import without_distribution_checks
        from genelab_backend_rslrl.runner import Runner

        agent = _own(ctx.agent)
        self.validate(agent, ctx.env.num_envs, ctx.env.cfg)
        with without_distribution_checks():
            return Runner(ctx, agent).learn()

    def checkpoints(self, log_dir: Path) -> list[Path]:
        """Return the run's `model_<iteration>.pt`, oldest first (`model_final.pt` is a copy of the last)."""
        from genelab_backend_rslrl.weights import checkpoint_files

        return checkpoint_files(log_dir).models()

    def load(self, checkpoint: Path, agent: BackendConfig, env: VecEnv) -> InferenceSetup:
        """Load the actor of a checkpoint; see the contract for what is refused."""
        import torch
        from tensordict import TensorDict

        from genelab.rl.checkpoint import load_weights, require_layout
        from genelab_backend_rslrl.build import build_model
        from genelab_backend_rslrl.inference import ACTORS, sampler
        from genelab_backend_rslrl.weights import load_payload

        agent = _own(agent)
        groups, action_dim = agent.obs_groups["actor"], env.action_dim
        require_groups(env.observation_layout.groups, groups, "agent.obs_groups")
        payload, meta = load_payload(checkpoint)
        require_layout(checkpoint, meta, env.observation_layout, groups)
        widths = {name: env.observation_layout.groups[name].dim for name in groups}
        observations = TensorDict({name: torch.zeros(1, dim) for name, dim in widths.items()}, batch_size=[1])
        model = build_model(agent.actor, observations, groups, action_dim, env.device)
        load_weights(model, payload["actor_state_dict"], "actor", checkpoint)
        model.eval()
        actor = ACTORS[agent.actor.rnn_type](model, agent.clip_actions).to(env.device).eval()
        recurrent = None
        if agent.actor.rnn_type is not None:
            recurrent = RecurrentSpec(agent.actor.rnn_type, agent.actor.rnn_num_layers, agent.actor.rnn_hidden_dim)
        return InferenceSetup(
            obs_groups=groups,
            actor=actor,
            actor_input_dim=sum(widths.values()),
            action_dim=action_dim,
            recurrent=recurrent,
            sample=sampler(actor, model),
            info={
                "iteration": payload["iter"],
                "env_steps": (payload.get("infos") or {}).get("env_steps"),
                "algorithm": "PPO",
            },
        )


def _own(agent: BackendConfig) -> RslRlOnPolicyRunnerCfg:
    """Return `agent` if it is one of this backend and its networks can be built, else raise `UsageError`."""
    if not isinstance(agent, RslRlOnPolicyRunnerCfg):
        raise UsageError(f"an agent of type {type(agent).__name__} is not for the backend rsl_rl")
    if agent.actor.distribution_cfg is None:
        raise UsageError(
            "the actor has no distribution to draw actions from",
            where="agent.actor.distribution_cfg",
            fix="give it an RslRlGaussianCfg",
        )
    if agent.critic.distribution_cfg is not None:
        raise UsageError("a critic has no distribution", where="agent.critic.distribution_cfg", fix="set it to none")
    return agent


def _validate_recurrent(agent: RslRlOnPolicyRunnerCfg, num_envs: int) -> None:
    parts = agent.algorithm.num_mini_batches
    if num_envs < parts:
        raise UsageError(
            f"a recurrent network with {num_envs} envs and {parts} mini-batches would learn from nothing: "
            "whole envs go into each mini-batch",
            where="agent.algorithm.num_mini_batches",
            fix=f"use at least {parts} envs, or --agent.algorithm.num_mini_batches {num_envs}",
        )
    if agent.algorithm.symmetry_cfg is not None:
        raise UsageError(
            "rsl_rl does not mirror samples for recurrent networks",
            where="agent.algorithm.symmetry_cfg",
            fix="--agent.algorithm.symmetry_cfg none, or networks with rnn_type none",
        )
    if num_envs % parts:
        _log.warning("the last %d of %d envs do not fill a mini-batch and are left out", num_envs % parts, num_envs)
