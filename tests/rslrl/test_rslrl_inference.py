from __future__ import annotations

import warnings

import pytest
import torch
from rslrl_runs import small_agent, small_env, train
from torch.distributions import Distribution

from genelab.rl.checkpoint import meta_path, save_checkpoint
from genelab.utils.errors import GenelabError
from genelab_backend_rslrl import (
    RslRlBetaCfg,
    RslRlGaussianCfg,
    RslRlHeteroscedasticGaussianCfg,
    RslRlModelCfg,
)
from genelab_backend_rslrl.backend import RslRlBackend
from genelab_backend_rslrl.build import build_algorithm, observation_groups
from genelab_backend_rslrl.vec_env import RslRlVecEnv

DISTRIBUTIONS = [RslRlGaussianCfg(std_type="log"), RslRlHeteroscedasticGaussianCfg(), RslRlBetaCfg()]


def zeros(setup, batch: int) -> list[torch.Tensor]:
    spec = setup.recurrent
    return [] if spec is None else [torch.zeros(spec.num_layers, batch, spec.hidden_dim) for _ in spec.states]


@pytest.mark.parametrize("rnn_type", [None, "lstm", "gru"])
def test_the_loaded_actor_acts_as_the_trained_one(tmp_path, rnn_type):
    agent, env = small_agent(rnn_type), small_env()
    setup = RslRlBackend().load(train(tmp_path, 3, agent=agent).checkpoint, agent, env)
    assert (setup.obs_groups, setup.actor_input_dim, setup.action_dim) == (("policy",), 5, 2)
    assert setup.info == {"iteration": 3, "env_steps": 144, "algorithm": "PPO"}
    assert (setup.recurrent is None) == (rnn_type is None)

    wrapper = RslRlVecEnv(env, observation_groups(agent))
    algorithm = build_algorithm(agent, wrapper)
    algorithm.load(torch.load(tmp_path / "model_3.pt", weights_only=True), {"actor": True}, strict=True)
    algorithm.eval_mode()
    states, observations = zeros(setup, 8), wrapper.get_observations()
    with torch.no_grad():
        for _ in range(4):
            expected = algorithm.actor(observations)
            output = setup.actor(observations["policy"], *states)
            actions, *states = output if states else (output,)
            assert torch.allclose(actions, expected, atol=1e-6)
            observations, _, dones, _ = wrapper.step(actions)
            algorithm.actor.reset(dones)
            for state in states:
                state[:, dones] = 0.0


@pytest.mark.parametrize("rnn_type", [None, "lstm", "gru"])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda cfg: cfg.class_name)
def test_an_actor_of_any_kind_can_be_scripted_and_sampled(tmp_path, rnn_type, distribution):
    agent = small_agent(rnn_type)
    agent.actor.distribution_cfg = distribution
    env = small_env()
    setup = RslRlBackend().load(train(tmp_path, 1, agent=agent).checkpoint, agent, env)
    inputs = (torch.randn(3, 5), *zeros(setup, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(setup.actor)
    expected, found = setup.actor(*inputs), scripted(*inputs)
    for a, b in zip(*((out if isinstance(out, tuple) else (out,)) for out in (expected, found)), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    assert setup.sample is not None
    many = (inputs[0][:1].expand(4000, 5), *[state[:, :1].expand(-1, 4000, -1).contiguous() for state in inputs[1:]])
    sampled = setup.sample(*many)
    actions = sampled[0] if isinstance(sampled, tuple) else sampled
    mean = (expected[0] if isinstance(expected, tuple) else expected)[:1]
    assert actions.std(dim=0).min() > 0.2
    assert torch.allclose(actions.mean(dim=0), mean, atol=0.1)


def test_the_bound_on_actions_is_part_of_the_actor(tmp_path):
    agent = small_agent(clip_actions=0.01)
    setup = RslRlBackend().load(train(tmp_path, 1, agent=agent).checkpoint, agent, small_env())
    assert setup.actor(torch.randn(100, 5)).abs().max() <= 0.01
    assert setup.sample is not None
    assert setup.sample(torch.randn(100, 5)).abs().max() <= 0.01


def test_loading_leaves_torchs_argument_checks_on(tmp_path):
    train(tmp_path, 1)
    RslRlBackend().load(tmp_path / "model_final.pt", small_agent(), small_env())
    assert Distribution._validate_args is True


def test_a_checkpoint_of_another_library_is_refused(tmp_path):
    path = tmp_path / "agent_100.pt"
    save_checkpoint(path, {"policy": {}, "value": {}, "optimizer": {}}, {"backend": "skrl"})
    with pytest.raises(GenelabError, match=r"checkpoint of skrl, not of rsl_rl[\s\S]*holds policy, value, optimizer"):
        RslRlBackend().load(path, small_agent(), small_env())


def test_a_checkpoint_for_other_observations_is_refused_term_by_term(tmp_path):
    train(tmp_path, 1)
    with pytest.raises(GenelabError, match=r"term 0: goal\[2\].* against goal\[3\]"):
        RslRlBackend().load(tmp_path / "model_1.pt", small_agent(), small_env(action_dim=3))


def test_other_widths_are_refused_even_without_a_sidecar(tmp_path):
    train(tmp_path, 1)
    meta_path(tmp_path / "model_1.pt").unlink()
    with pytest.raises(GenelabError, match=r"mlp.0.weight: \(16, 5\) in the file, \(16, 6\) in this agent"):
        RslRlBackend().load(tmp_path / "model_1.pt", small_agent(), small_env(action_dim=3))


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
def test_a_checkpoint_of_another_network_is_refused(tmp_path, how):
    train(tmp_path, 1)
    agent = small_agent()
    agent.actor = RslRlModelCfg(hidden_dims=(16, 16), distribution_cfg=RslRlGaussianCfg())
    with pytest.raises(GenelabError, match=r"the actor of model_1\.pt has other widths[\s\S]*obs_normalizer"):
        if how == "load":
            RslRlBackend().load(tmp_path / "model_1.pt", agent, small_env())
        else:
            train(tmp_path, 2, agent=agent, **{how: tmp_path / "model_1.pt"})


def test_a_checkpoint_of_a_memory_is_refused_by_an_actor_without_one(tmp_path):
    train(tmp_path, 1, agent=small_agent("gru"))
    with pytest.raises(GenelabError, match=r"rnn\.rnn\.weight_ih_l0: only in the file"):
        RslRlBackend().load(tmp_path / "model_1.pt", small_agent(), small_env())
