from __future__ import annotations

import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from skrl_runs import ALGORITHMS, small_agent, small_env

from genelab.config.overrides import apply_override
from genelab.config.serialization import from_json, to_json
from genelab.rl.config import BackendConfig
from genelab.utils.errors import UsageError
from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg
from genelab_backend_skrl.backend import SkrlBackend

ENV_CFG = small_env().cfg


def test_importing_the_library_changes_nothing_in_the_process():
    code = """
import logging, torch
import genelab_backend_skrl.trainer
print(torch.distributions.Distribution._validate_args, logging.getLogger("skrl").handlers)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "[]"]


def test_a_rank_of_a_distributed_job_is_told_that_this_backend_has_none():
    """Importing skrl there would wait for the other ranks in an NCCL group."""
    code = "import genelab_backend_skrl.library"
    environment = {**os.environ, "WORLD_SIZE": "2", "RANK": "0"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert result.returncode != 0
    assert "trains in one process" in result.stderr


def test_an_agent_survives_json():
    agent = small_agent("TD3", obs_group=("policy", "extra"), target_entropy=-1.0)
    assert from_json(to_json(agent)) == agent


def test_the_defaults_are_the_documented_ones():
    agent = SkrlAgentCfg()
    assert agent.algorithm == "PPO"
    assert (agent.max_iterations, agent.rollouts, agent.replay_size) == (100_000, 24, 1_000_000)
    assert (agent.learning_rate, agent.discount_factor, agent.lam) == (3e-4, 0.99, 0.95)
    assert (agent.learning_epochs, agent.mini_batches, agent.ratio_clip) == (5, 4, 0.2)
    assert (agent.entropy_loss_scale, agent.grad_norm_clip) == (0.0, 1.0)
    assert (agent.batch_size, agent.polyak, agent.learning_starts) == (256, 0.005, 1000)
    assert agent.models == SkrlModelsCfg(
        hidden_dims=(256, 256), activation="elu", log_std=0.0, log_std_range=(-20.0, 2.0), clip_actions=False
    )
    assert (agent.obs_group, agent.state_group) == (("policy",), ("critic",))


def test_a_single_group_can_be_given_by_its_name():
    agent = small_agent(obs_group="policy", state_group="policy")
    assert (agent.obs_group, agent.state_group) == (("policy",), ("policy",))
    apply_override(agent, "state_group", "critic")
    assert agent.state_group == ("critic",)


def test_none_is_a_word_where_a_field_cannot_be_none():
    agent = small_agent(clip_actions=1.0)
    apply_override(agent, "logger", "none")
    apply_override(agent, "clip_actions", "none")
    assert (agent.logger, agent.clip_actions) == ("none", None)


@pytest.mark.parametrize(
    "table",
    [
        {"algorithm": "os:system"},
        {"models": {"activation": "__import__('os')"}},
        {"obs_group": ()},
        {"learning_rate_schedule": "os:system"},
        {"polyak": 2.0},
        {"timestep": 3},
    ],
)
def test_a_value_that_is_not_on_the_list_is_refused(table):
    with pytest.raises(ValidationError):
        SkrlAgentCfg(**table)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_defaults_train_with_every_algorithm_without_a_warning(algorithm, caplog):
    SkrlBackend().validate(SkrlAgentCfg(algorithm=algorithm, max_iterations=24_000), 4096, ENV_CFG)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("agent", "num_envs", "message"),
    [
        (small_agent(rollouts=3), 1, "3 samples: less than two for each of 2 mini-batches"),
        (small_agent(max_iterations=5), 8, "5 vector steps end before the first update, after 6"),
        (small_agent("SAC", max_iterations=4), 8, "end before learning starts, after 4"),
        (small_agent("TD3", replay_size=15), 8, "holds 1 of each of 8 envs: not even a batch of 16"),
        (small_agent("SAC", replay_size=7), 8, "holds 0 of each of 8 envs"),
        (small_agent("DDPG", batch_size=1), 8, "a batch needs two transitions"),
        (small_agent("SAC", models={"clip_actions": True}), 8, "SAC bounds its actions by tanh"),
        (small_agent(state_group="critik"), 8, r"unknown observation group 'critik'[\s\S]*agent.state_group"),
        (BackendConfig(), 8, "BackendConfig is not for the backend skrl"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_starts(agent, num_envs, message):
    with pytest.raises(UsageError, match=message):
        SkrlBackend().validate(agent, num_envs, ENV_CFG)


def test_steps_that_fill_no_rollout_are_announced(caplog):
    with caplog.at_level(logging.WARNING):
        SkrlBackend().validate(small_agent(max_iterations=20), 8, ENV_CFG)
    assert "the last 2 of 20 vector steps teach nothing" in caplog.text


@pytest.mark.parametrize(
    ("groups", "policy", "critic"),
    [
        (["policy", "critic"], ("policy",), ("critic",)),
        (["policy"], ("policy",), ("policy",)),
        (["observation", "desired_goal", "critic"], ("observation", "desired_goal"), ("critic",)),
        (["critic"], ("critic",), ("critic",)),
    ],
)
def test_the_default_agent_reads_the_groups_that_there_are(groups, policy, critic):
    env_cfg = SimpleNamespace(observations=dict.fromkeys(groups))
    agent = SkrlBackend().default_config(env_cfg)
    assert (agent.obs_group, agent.state_group) == (policy, critic)
    SkrlBackend().validate(agent, 1, env_cfg)


def test_a_budget_in_steps_is_rounded_up_to_whole_rollouts():
    backend = SkrlBackend()
    assert backend.iterations_for(small_agent("PPO"), 8, 48) == 6
    assert backend.iterations_for(small_agent("PPO"), 8, 49) == 12
    assert backend.iterations_for(small_agent("SAC"), 8, 49) == 7
