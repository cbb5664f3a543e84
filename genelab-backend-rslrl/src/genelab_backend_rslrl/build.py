"""From typed configs to rsl_rl's objects."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import torch
from rsl_rl.models import MLPModel, RNNModel
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict

from genelab.rl.distributed import ALONE, World
from genelab.rl.distribution_checks import without_distribution_checks
from genelab_backend_rslrl.config import RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg
from genelab_backend_rslrl.ppo import TerminalValuePPO
from genelab_backend_rslrl.vec_env import RslRlVecEnv


def observation_groups(agent: RslRlOnPolicyRunnerCfg) -> tuple[str, ...]:
    """Return the groups that actor and critic read, each once."""
    return tuple(dict.fromkeys(agent.obs_groups["actor"] + agent.obs_groups["critic"]))


def build_model(
    cfg: RslRlModelCfg, observations: TensorDict, groups: tuple[str, ...], output_dim: int, device: torch.device
) -> MLPModel:
    """Return an untrained network over `groups` of `observations`, each `(batch, dim)`."""
    options: dict[str, Any] = {
        "hidden_dims": cfg.hidden_dims,
        "activation": cfg.activation,
        "obs_normalization": cfg.obs_normalization,
        "distribution_cfg": None if cfg.distribution_cfg is None else asdict(cfg.distribution_cfg),
    }
    model_class = MLPModel
    if cfg.rnn_type is not None:
        model_class = RNNModel
        options |= {
            "rnn_type": cfg.rnn_type,
            "rnn_hidden_dim": cfg.rnn_hidden_dim,
            "rnn_num_layers": cfg.rnn_num_layers,
        }
    with without_distribution_checks():
        return model_class(observations, {"set": list(groups)}, "set", output_dim, **options).to(device)


def build_algorithm(agent: RslRlOnPolicyRunnerCfg, env: RslRlVecEnv, world: World = ALONE) -> TerminalValuePPO:
    """Return PPO with fresh networks and an empty rollout storage; of several ranks, it averages their gradients."""
    observations = env.get_observations()
    actor = build_model(agent.actor, observations, agent.obs_groups["actor"], env.num_actions, env.device)
    critic = build_model(agent.critic, observations, agent.obs_groups["critic"], 1, env.device)
    device = str(env.device)
    storage = RolloutStorage("rl", env.num_envs, agent.num_steps_per_env, observations, [env.num_actions], device)
    options = _algorithm_options(agent.algorithm, env)
    if world.size > 1:
        options["multi_gpu_cfg"] = {
            "global_rank": world.rank,
            "local_rank": world.local_rank,
            "world_size": world.size,
        }
    return TerminalValuePPO(actor, critic, storage, device=device, **options)


def _algorithm_options(cfg: RslRlPpoAlgorithmCfg, env: RslRlVecEnv) -> dict[str, Any]:
    options = {field.name: getattr(cfg, field.name) for field in fields(cfg)}
    symmetry = cfg.symmetry_cfg
    if symmetry is None or not (symmetry.use_data_augmentation or symmetry.use_mirror_loss):
        # With both uses off the library would still call the function twice for each mini-batch.
        options["symmetry_cfg"] = None
    else:
        options["symmetry_cfg"] = {field.name: getattr(symmetry, field.name) for field in fields(symmetry)} | {
            "env": env
        }
    return options
