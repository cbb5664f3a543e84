"""What every backend's `load` gives, and what it refuses."""

from __future__ import annotations

import warnings

import pytest
import torch
from backend_cases import CASES, RSL_RL, SB3, SKRL

from genelab.rl.checkpoint import meta_path, save_checkpoint
from genelab.utils.errors import GenelabError
from genelab_backend_rslrl import RslRlBetaCfg, RslRlGaussianCfg, RslRlHeteroscedasticGaussianCfg, RslRlModelCfg
from genelab_backend_sb3 import Sb3PolicyCfg
from genelab_backend_skrl import SkrlModelsCfg

ALGORITHMS = ("PPO", "A2C", "SAC", "TD3", "DDPG")
DISTRIBUTIONS = (RslRlGaussianCfg(std_type="log"), RslRlHeteroscedasticGaussianCfg(), RslRlBetaCfg())


def with_distribution(rnn_type, distribution):
    agent = RSL_RL.agent(rnn_type)
    agent.actor.distribution_cfg = distribution
    return agent


KINDS = [
    *((RSL_RL, with_distribution(rnn, kind), 0.2, 0.1) for rnn in (None, "lstm", "gru") for kind in DISTRIBUTIONS),
    *((SB3, SB3.agent(algorithm, clip_actions=0.7), 0.03, 0.2) for algorithm in ALGORITHMS),
    *((SKRL, SKRL.agent(algorithm), 0.05, 0.1) for algorithm in ("PPO", "A2C", "TD3", "DDPG")),
    (SKRL, SKRL.agent("SAC"), 0.05, 2.0),
]


@pytest.mark.parametrize(("case", "agent", "least_std", "mean_error"), KINDS)
def test_an_actor_of_any_kind_can_be_scripted_and_sampled(tmp_path, case, agent, least_std, mean_error):
    setup = case.load(case.train(tmp_path, 2, agent=agent).checkpoint, agent)
    spec = setup.recurrent
    states = [] if spec is None else [torch.zeros(spec.num_layers, 3, spec.hidden_dim) for _ in spec.states]
    inputs = (torch.randn(3, 5), *states)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(setup.actor)
    expected, found = (made if spec else (made,) for made in (setup.actor(*inputs), scripted(*inputs)))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(expected, found, strict=True))
    many = [inputs[0][:1].expand(4000, 5), *(state[:, :1].expand(-1, 4000, -1).contiguous() for state in states)]
    sampled = setup.sample(*many) if spec is None else setup.sample(*many)[0]
    assert not sampled.requires_grad
    assert sampled.std(dim=0).min() > least_std
    assert (sampled.mean(dim=0) - expected[0][:1]).abs().max() < mean_error
    bound = agent.clip_actions or (1.0 if case is SKRL and not agent.on_policy else torch.inf)
    assert sampled.abs().max() <= bound


@pytest.mark.parametrize(
    ("case", "fields", "bound"),
    [
        (RSL_RL, {"clip_actions": 0.01}, 0.01),
        (SB3, {"clip_actions": 0.01}, 0.01),
        (SKRL, {"clip_actions": 0.01}, 0.01),
        (SKRL, {"models": {"clip_actions": True}}, 1.0),
    ],
)
def test_the_bounds_on_actions_are_part_of_the_actor(tmp_path, case, fields, bound):
    agent = case.agent(**fields)
    setup = case.load(case.train(tmp_path, 1, agent=agent).checkpoint, agent)
    for draw in (setup.actor, setup.sample):
        assert draw(1000.0 * torch.randn(100, 5)).abs().max().item() == pytest.approx(bound)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loading_leaves_torchs_argument_checks_on(tmp_path, case):
    case.load(case.train(tmp_path, 1).checkpoint)
    assert torch.distributions.Distribution._validate_args is True


@pytest.mark.parametrize(
    ("case", "other", "message"),
    [
        (RSL_RL, "skrl", r"checkpoint of skrl, not of rsl_rl[\s\S]*holds first, second"),
        (SB3, "skrl", r"other\.pt is not a checkpoint of sb3: it lacks policy\.pth"),
        (SKRL, "rsl_rl", r"checkpoint of rsl_rl, not of GeneLab's skrl[\s\S]*holds first, second"),
    ],
)
def test_a_checkpoint_of_another_library_is_refused(tmp_path, case, other, message):
    save_checkpoint(tmp_path / "other.pt", {"first": torch.zeros(2), "second": {}}, {"backend": other})
    with pytest.raises(GenelabError, match=message):
        case.load(tmp_path / "other.pt")


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
@pytest.mark.parametrize(
    ("case", "message"), [(SB3, "trained with TD3, not DDPG"), (SKRL, "trained with TD3, not with")]
)
def test_a_checkpoint_of_another_algorithm_is_refused(tmp_path, case, message, how):
    checkpoint = case.train(tmp_path, 1, agent=case.agent("TD3")).checkpoint
    with pytest.raises(GenelabError, match=rf"{message}[\s\S]*--agent\.algorithm TD3"):
        attempt(case, how, checkpoint, case.agent("DDPG"), tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_checkpoint_for_other_observations_is_refused_term_by_term(tmp_path, case):
    checkpoint = case.train(tmp_path, 1).checkpoint
    with pytest.raises(GenelabError, match=r"term 0: goal\[2\].* against goal\[3\]"):
        case.load(checkpoint, env=case.runs.small_env(action_dim=3))


@pytest.mark.parametrize(
    ("case", "widths"), [(RSL_RL, r"mlp\.0\.weight"), (SB3, r"net\.0\.weight"), (SKRL, r"hidden\.0\.weight")]
)
def test_other_widths_are_refused_even_without_a_sidecar(tmp_path, case, widths):
    checkpoint = case.train(tmp_path, 1).checkpoint
    meta_path(checkpoint).unlink()
    with pytest.raises(GenelabError, match=rf"{widths}: \(16, 5\) in the file, \(16, 6\) in this agent"):
        case.load(checkpoint, env=case.runs.small_env(action_dim=3))


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
@pytest.mark.parametrize(
    ("case", "network", "message"),
    [
        (
            RSL_RL,
            {"actor": RslRlModelCfg(hidden_dims=(16, 16), distribution_cfg=RslRlGaussianCfg())},
            r"the actor of .* has other widths[\s\S]*obs_normalizer",
        ),
        (SB3, {"policy": Sb3PolicyCfg(net_arch=(8,))}, r"the policy of .* has other widths[\s\S]*normalizer"),
        (
            SKRL,
            {"models": SkrlModelsCfg(hidden_dims=(16, 16), obs_normalization=True)},
            r"the policy of .* has other widths[\s\S]*hidden\.2",
        ),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(tmp_path, case, network, message, how):
    checkpoint, agent = case.train(tmp_path, 1).checkpoint, case.agent()
    for field, value in network.items():
        setattr(agent, field, value)
    with pytest.raises(GenelabError, match=message):
        attempt(case, how, checkpoint, agent, tmp_path)


def attempt(case, how, checkpoint, agent, folder):
    """Load a checkpoint, or train with it."""
    if how == "load":
        case.load(checkpoint, agent)
    else:
        case.train(folder, 2, agent=agent, **{how: checkpoint})
