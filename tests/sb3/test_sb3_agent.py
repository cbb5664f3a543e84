from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from sb3_runs import ALGORITHMS, small_agent, small_env

from genelab.config.overrides import apply_override
from genelab.config.serialization import from_json, to_json
from genelab.rl.config import BackendConfig
from genelab.utils.errors import UsageError
from genelab_backend_sb3 import Sb3AgentCfg, Sb3HerCfg
from genelab_backend_sb3.backend import Sb3Backend

ENV_CFG = small_env().cfg
GOALS = {"obs_group": "policy", "achieved_goal_group": "critic", "desired_goal_group": "critic"}


def reward(achieved, desired, info):
    return -(achieved - desired).norm(dim=-1)


def test_the_documented_defaults_are_the_defaults():
    agent = Sb3AgentCfg()
    assert (agent.algorithm, agent.max_iterations, agent.learning_rate) == ("PPO", 100_000, 3e-4)
    assert (agent.discount_factor, agent.gae_lambda, agent.clip_range, agent.ent_coef) == (0.99, 0.95, 0.2, 0.0)
    assert (agent.batch_size, agent.n_steps, agent.n_epochs) == (256, 24, 5)
    assert (agent.buffer_size, agent.tau, agent.learning_starts, agent.train_freq) == (1_000_000, 0.005, 1000, 1)
    assert (agent.policy.net_arch, agent.policy.activation) == ((256, 256), "elu")
    assert (agent.her.n_sampled_goal, agent.her.goal_selection_strategy) == (4, "future")


def test_an_agent_survives_json():
    agent = small_agent("SAC", her=Sb3HerCfg(enabled=True, compute_reward=reward), extra_kwargs={"ent_coef": "auto"})
    assert from_json(to_json(agent)) == agent


def test_options_of_the_library_can_be_set_on_the_command_line():
    agent = small_agent("SAC", extra_kwargs={"gradient_steps": 1})
    apply_override(agent, "extra_kwargs.gradient_steps", "8")
    apply_override(agent, "policy.net_arch", "512,512")
    apply_override(agent, "her.goal_selection_strategy", "final")
    assert agent.extra_kwargs == {"gradient_steps": 8}
    assert agent.policy.net_arch == (512, 512)
    apply_override(agent, "extra_kwargs", '{"ent_coef": "auto", "gradient_steps": 4}')
    assert agent.extra_kwargs == {"ent_coef": "auto", "gradient_steps": 4}
    with pytest.raises(UsageError, match="is no value for extra_kwargs"):
        apply_override(agent, "extra_kwargs", "{gradient_steps: 4}")


@pytest.mark.parametrize("table", [{"algorithm": "DQN"}, {"policy": {"activation": "os:system"}}, {"buffer_size": 0}])
def test_a_value_that_is_not_allowed_is_refused(table):
    with pytest.raises(ValidationError):
        Sb3AgentCfg(**table)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_is_accepted_without_a_warning(algorithm, caplog):
    Sb3Backend().validate(small_agent(algorithm), 8, ENV_CFG)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (small_agent("SAC", extra_kwargs={"gradient_step": 8}), "unknown argument 'gradient_step'.*"),
        (small_agent("PPO", extra_kwargs={"ent_coef": 0.1}), "unknown argument 'ent_coef'"),
        (small_agent("SAC", extra_kwargs={"gradient_steps": 1.5}), "gradient_steps is 1.5"),
        (small_agent("SAC", extra_kwargs={"gradient_steps": True}), "gradient_steps is True"),
        (small_agent("PPO", extra_kwargs={"env": "CartPole-v1"}), "unknown argument 'env'"),
        (small_agent("PPO", her=Sb3HerCfg(enabled=True, compute_reward=reward)), "PPO has no replay buffer"),
        (small_agent("SAC", her=Sb3HerCfg(enabled=True, **GOALS)), "no function that gives the rewards"),
        (small_agent(obs_groups=("polisy",)), r"unknown observation group 'polisy'[\s\S]*policy"),
        (small_agent("SAC", buffer_size=7), "no room for a step of 8 envs"),
        (BackendConfig(), "BackendConfig is not for the backend sb3"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_starts(agent, message):
    with pytest.raises(UsageError, match=message):
        Sb3Backend().validate(agent, 8, ENV_CFG)


def test_a_rollout_of_a_single_sample_is_refused():
    with pytest.raises(UsageError, match="1 envs × 1 steps are a single sample"):
        Sb3Backend().validate(small_agent(n_steps=1), 1, ENV_CFG)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["policy", "critic"], ("policy",)),
        (["state"], ("state",)),
        (["desired_goal", "observation", "achieved_goal"], ("observation", "achieved_goal", "desired_goal")),
    ],
)
def test_the_default_agent_reads_the_groups_that_there_are(groups, expected):
    env_cfg = SimpleNamespace(observations=dict.fromkeys(groups), simulation=SimpleNamespace(num_envs=64))
    agent = Sb3Backend().default_config(env_cfg)
    assert agent.obs_groups == expected
    assert agent.batch_size == 64 * 24 // 4
    Sb3Backend().validate(agent, 64, env_cfg)


def test_the_budget_is_environment_steps():
    assert Sb3Backend().iteration_unit == "environment steps"
    assert Sb3Backend().iterations_for(small_agent(), 8, 49) == 49
