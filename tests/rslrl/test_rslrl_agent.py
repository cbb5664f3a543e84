from __future__ import annotations

import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from rslrl_runs import small_agent, small_env

from genelab.config.overrides import apply_override
from genelab.config.serialization import from_json, to_json
from genelab.rl.config import BackendConfig
from genelab.utils.errors import UsageError
from genelab_backend_rslrl import RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlSymmetryCfg
from genelab_backend_rslrl.backend import RslRlBackend

ENV_CFG = small_env().cfg


def test_a_training_needs_no_git():
    """The library's own runner cannot be imported without the git program; this backend does not import it."""
    code = "import sys, genelab_backend_rslrl.runner; print('git' in sys.modules)"
    environment = {"PATH": "/nonexistent"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert result.stdout.strip() == "False"


def test_an_agent_survives_json():
    agent = small_agent("lstm", algorithm={"symmetry_cfg": RslRlSymmetryCfg(data_augmentation_func=small_agent)})
    assert from_json(to_json(agent)) == agent


def test_a_distribution_can_be_written_as_a_table():
    cfg = RslRlModelCfg(distribution_cfg={"class_name": "GaussianDistribution", "init_std": 0.5})  # pyright: ignore
    apply_override(cfg, "distribution_cfg.init_std", "0.7")
    assert to_json(cfg.distribution_cfg)["init_std"] == 0.7


@pytest.mark.parametrize(
    "table",
    [
        {"actor": {"class_name": "os:system"}},
        {"actor": {"distribution_cfg": {"class_name": "os:system"}}},
        {"actor": {"rnn_type": "rnn"}},
        {"algorithm": {"optimizer": "os:system"}},
        {"obs_groups": {"actor": ("policy",)}},
        {"obs_groups": {"actor": (), "critic": ("policy",)}},
    ],
)
def test_a_name_that_is_not_on_the_list_is_refused(table):
    with pytest.raises(ValidationError):
        RslRlOnPolicyRunnerCfg(**table)


def test_what_cannot_be_trained_is_refused_before_anything_starts():
    backend = RslRlBackend()
    backend.validate(small_agent("gru"), 2, ENV_CFG)
    with pytest.raises(UsageError, match="1 envs and 2 mini-batches would learn from nothing"):
        backend.validate(small_agent("gru"), 1, ENV_CFG)
    mirrored = small_agent("gru", algorithm={"symmetry_cfg": RslRlSymmetryCfg(data_augmentation_func=small_agent)})
    with pytest.raises(UsageError, match="does not mirror samples for recurrent networks"):
        backend.validate(mirrored, 8, ENV_CFG)
    with pytest.raises(UsageError, match="no distribution"):
        backend.validate(small_agent(actor=RslRlModelCfg()), 8, ENV_CFG)
    with pytest.raises(UsageError, match="a critic has no distribution"):
        backend.validate(small_agent(critic=small_agent().actor), 8, ENV_CFG)
    with pytest.raises(UsageError, match="1 envs × 1 steps are 1 samples for 2 mini-batches"):
        backend.validate(small_agent(num_steps_per_env=1), 1, ENV_CFG)
    with pytest.raises(UsageError, match=r"unknown observation group 'critik'[\s\S]*agent.obs_groups"):
        backend.validate(small_agent(obs_groups={"actor": ("policy",), "critic": ("critik",)}), 8, ENV_CFG)
    with pytest.raises(UsageError, match="BackendConfig is not for the backend rsl_rl"):
        backend.validate(BackendConfig(), 8, ENV_CFG)


def test_envs_that_no_mini_batch_takes_are_announced(caplog):
    with caplog.at_level(logging.WARNING):
        RslRlBackend().validate(small_agent("gru"), 9, ENV_CFG)
    assert "the last 1 of 9 envs" in caplog.text


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["policy", "critic"], {"actor": ("policy",), "critic": ("critic",)}),
        (["policy"], {"actor": ("policy",), "critic": ("policy",)}),
        (["state"], {"actor": ("state",), "critic": ("state",)}),
    ],
)
def test_the_default_agent_reads_the_groups_that_there_are(groups, expected):
    env_cfg = SimpleNamespace(observations=dict.fromkeys(groups))
    agent = RslRlBackend().default_config(env_cfg)
    assert agent.obs_groups == expected
    RslRlBackend().validate(agent, 1, env_cfg)


def test_a_budget_in_steps_is_rounded_up_to_whole_iterations():
    assert RslRlBackend().iterations_for(small_agent(), 8, 48) == 1
    assert RslRlBackend().iterations_for(small_agent(), 8, 49) == 2
