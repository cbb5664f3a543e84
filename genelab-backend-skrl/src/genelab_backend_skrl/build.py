"""From the typed config to skrl's objects."""

from __future__ import annotations

from typing import Any

from genelab.managers.observation_layout import ObservationLayout
from genelab_backend_skrl.agents import TrackedA2C, TrackedAgent, TrackedDDPG, TrackedPPO, TrackedSAC, TrackedTD3
from genelab_backend_skrl.config import SkrlAgentCfg
from genelab_backend_skrl.hindsight import HindsightMemory, goal_columns
from genelab_backend_skrl.library import (
    A2C_CFG,
    DDPG_CFG,
    PPO_CFG,
    SAC_CFG,
    TD3_CFG,
    ExperimentCfg,
    GaussianNoise,
    KLAdaptiveLR,
    Model,
    RandomMemory,
    RunningStandardScaler,
)
from genelab_backend_skrl.models import (
    ActionValue,
    DeterministicPolicy,
    GaussianPolicy,
    Policy,
    SquashedGaussianPolicy,
    StateValue,
)

_AGENTS: dict[str, tuple[type[Any], type[Any]]] = {
    "PPO": (TrackedPPO, PPO_CFG),
    "A2C": (TrackedA2C, A2C_CFG),
    "SAC": (TrackedSAC, SAC_CFG),
    "TD3": (TrackedTD3, TD3_CFG),
    "DDPG": (TrackedDDPG, DDPG_CFG),
}
_POLICIES: dict[str, type[Policy]] = {
    "PPO": GaussianPolicy,
    "A2C": GaussianPolicy,
    "SAC": SquashedGaussianPolicy,
    "TD3": DeterministicPolicy,
    "DDPG": DeterministicPolicy,
}
_CRITICS = {"SAC": ("critic_1", "critic_2"), "TD3": ("critic_1", "critic_2"), "DDPG": ("critic",)}


def build_policy(cfg: SkrlAgentCfg, spaces: dict[str, Any]) -> Policy:
    """Return the untrained policy of an algorithm, on its device."""
    return _POLICIES[cfg.algorithm](spaces, cfg.models).to(spaces["device"])


def build_scaler(spaces: dict[str, Any]) -> RunningStandardScaler:
    """Return the untrained normaliser of observations, on its device."""
    return RunningStandardScaler(size=spaces["observation_space"], device=spaces["device"])


def build_agent(cfg: SkrlAgentCfg, spaces: dict[str, Any], layout: ObservationLayout, num_envs: int) -> TrackedAgent:
    """Return an agent with fresh networks and an empty memory, in training mode."""
    agent_class, cfg_class = _AGENTS[cfg.algorithm]
    memory = _memory(cfg, spaces, layout, num_envs)
    agent = agent_class(models=_models(cfg, spaces), memory=memory, cfg=cfg_class(**_options(cfg, spaces)), **spaces)
    agent.init()
    agent.enable_training_mode(True)
    return agent


def _memory(cfg: SkrlAgentCfg, spaces: dict[str, Any], layout: ObservationLayout, num_envs: int) -> RandomMemory:
    rows = cfg.rollouts if cfg.on_policy else cfg.replay_size // num_envs
    # Without replacement the library permutes the whole memory for each batch; rollouts need exactly that.
    options = {"memory_size": rows, "num_envs": num_envs, "device": spaces["device"], "replacement": not cfg.on_policy}
    if cfg.on_policy or not cfg.her.enabled:
        return RandomMemory(**options)
    inputs = {"observations": cfg.obs_group, "states": cfg.state_group}
    columns = {name: goal_columns(layout, groups, cfg.her) for name, groups in inputs.items()}
    return HindsightMemory(columns, cfg, **options)


def _models(cfg: SkrlAgentCfg, spaces: dict[str, Any]) -> dict[str, Model]:
    models: dict[str, Model] = {"policy": build_policy(cfg, spaces)}
    if cfg.on_policy:
        return {**models, "value": StateValue(spaces, cfg.models)}
    if cfg.algorithm in ("TD3", "DDPG"):
        models["target_policy"] = build_policy(cfg, spaces)
    for name in _CRITICS[cfg.algorithm]:
        models[name] = ActionValue(spaces, cfg.models)
        models[f"target_{name}"] = ActionValue(spaces, cfg.models)
    return models


def _options(cfg: SkrlAgentCfg, spaces: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of skrl's own config."""
    options: dict[str, Any] = {
        "discount_factor": cfg.discount_factor,
        "learning_rate": cfg.learning_rate,
        "grad_norm_clip": cfg.grad_norm_clip,
        "experiment": ExperimentCfg(write_interval=0, checkpoint_interval=0),
    }
    if cfg.models.obs_normalization:
        for name, space in (("observation", "observation_space"), ("state", "state_space")):
            options[f"{name}_preprocessor"] = RunningStandardScaler
            options[f"{name}_preprocessor_kwargs"] = {"size": spaces[space], "device": spaces["device"]}
    return options | (_on_policy_options(cfg, spaces) if cfg.on_policy else _off_policy_options(cfg, spaces))


def _on_policy_options(cfg: SkrlAgentCfg, spaces: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "rollouts": cfg.rollouts,
        "mini_batches": cfg.mini_batches,
        "gae_lambda": cfg.lam,
        "entropy_loss_scale": cfg.entropy_loss_scale,
        "time_limit_bootstrap": True,
    }
    if cfg.value_normalization:
        options["value_preprocessor"] = RunningStandardScaler
        options["value_preprocessor_kwargs"] = {"size": 1, "device": spaces["device"]}
    if cfg.learning_rate_schedule == "adaptive":
        options["learning_rate_scheduler"] = KLAdaptiveLR
        options["learning_rate_scheduler_kwargs"] = {"kl_threshold": cfg.desired_kl}
    if cfg.algorithm == "PPO":
        options |= {
            "learning_epochs": cfg.learning_epochs,
            "ratio_clip": cfg.ratio_clip,
            "value_clip": cfg.value_clip,
            "value_loss_scale": cfg.value_loss_scale,
        }
    return options


def _off_policy_options(cfg: SkrlAgentCfg, spaces: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "gradient_steps": cfg.gradient_steps,
        "batch_size": cfg.batch_size,
        "polyak": cfg.polyak,
        "random_timesteps": cfg.random_timesteps,
        "learning_starts": cfg.learning_starts,
    }
    if cfg.algorithm == "SAC":
        return options | {
            "learn_entropy": cfg.learn_entropy,
            "initial_entropy_value": cfg.initial_entropy_value,
            "target_entropy": cfg.target_entropy,
        }
    options["exploration_noise"] = GaussianNoise
    options["exploration_noise_kwargs"] = _noise(cfg.exploration_noise, spaces)
    if cfg.algorithm == "TD3":
        options |= {
            "policy_delay": cfg.policy_delay,
            "smooth_regularization_noise": GaussianNoise,
            "smooth_regularization_noise_kwargs": _noise(cfg.smooth_noise, spaces),
            "smooth_regularization_clip": cfg.smooth_noise_clip,
        }
    return options


def _noise(std: float, spaces: dict[str, Any]) -> dict[str, Any]:
    return {"mean": 0.0, "std": std, "device": spaces["device"]}
