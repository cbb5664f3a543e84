from __future__ import annotations

import os
import warnings

import pytest
import torch
from skrl_runs import ALGORITHMS, small_agent, small_env, train

from genelab.rl.checkpoint import load_checkpoint, meta_path, save_checkpoint
from genelab.utils.errors import GenelabError
from genelab_backend_skrl import SkrlModelsCfg
from genelab_backend_skrl.backend import SkrlBackend
from genelab_backend_skrl.build import build_agent
from genelab_backend_skrl.vec_env import spaces_of

GROUPS = (("policy",), ("critic",))


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_loaded_actor_acts_as_the_librarys_agent_without_noise(tmp_path, algorithm, normalized):
    agent, env = small_agent(algorithm, models={"obs_normalization": normalized}), small_env()
    checkpoint = train(tmp_path, 24, agent=agent).checkpoint
    setup = SkrlBackend().load(checkpoint, agent, env)
    assert (setup.obs_groups, setup.actor_input_dim, setup.action_dim) == (("policy",), 5, 2)
    assert setup.info == {"iteration": 24, "env_steps": 192, "algorithm": algorithm}
    assert setup.recurrent is None

    library = build_agent(agent, spaces_of(env, *GROUPS), env.observation_layout, 8)
    payload, _ = load_checkpoint(checkpoint)
    for name, module in library.checkpoint_modules.items():
        module.load_state_dict(payload[name])
    library.enable_training_mode(False, apply_to_models=True)
    observations = 3.0 * torch.randn(20, 5)
    with torch.no_grad():
        seen = library._observation_preprocessor(observations)
        actions, outputs = library.models["policy"].act({"observations": seen}, role="policy")
        expected = outputs.get("mean_actions", actions)
        assert torch.allclose(setup.actor(observations), expected, atol=1e-6)
        if normalized:
            assert not torch.allclose(seen, observations, atol=0.1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_actor_of_any_algorithm_can_be_scripted_and_sampled(tmp_path, algorithm):
    agent = small_agent(algorithm)
    setup = SkrlBackend().load(train(tmp_path, 12, agent=agent).checkpoint, agent, small_env())
    observations = torch.randn(3, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(setup.actor)
    assert torch.allclose(setup.actor(observations), scripted(observations), atol=1e-6)
    assert setup.sample is not None
    many = setup.sample(observations[:1].expand(4000, 5))
    assert not many.requires_grad
    assert many.std(dim=0).min() > 0.05
    if algorithm in ("PPO", "A2C", "TD3", "DDPG"):
        assert torch.allclose(many.mean(dim=0), setup.actor(observations[:1])[0], atol=0.1)
    if algorithm in ("SAC", "TD3", "DDPG"):
        assert many.abs().max() <= 1.0


@pytest.mark.parametrize(
    ("table", "bound"), [({"clip_actions": 0.01}, 0.01), ({"models": {"clip_actions": True}}, 1.0)]
)
def test_the_bounds_on_actions_are_part_of_the_actor(tmp_path, table, bound):
    agent = small_agent(**table)
    setup = SkrlBackend().load(train(tmp_path, 6, agent=agent).checkpoint, agent, small_env())
    with torch.no_grad():
        setup.actor.get_submodule("mean").weight.mul_(100.0)  # pyright: ignore
    assert setup.actor(torch.randn(100, 5)).abs().max().item() == pytest.approx(bound)
    assert setup.sample is not None
    assert setup.sample(torch.randn(100, 5)).abs().max().item() == pytest.approx(bound)


def test_loading_leaves_torchs_argument_checks_on(tmp_path):
    checkpoint = train(tmp_path, 6).checkpoint
    SkrlBackend().load(checkpoint, small_agent(), small_env())
    assert torch.distributions.Distribution._validate_args is True


class RunsCommand:
    """Pickles to a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
def test_a_poisoned_checkpoint_is_refused_and_runs_nothing(tmp_path, how):
    path, proof = train(tmp_path, 6).checkpoint, tmp_path / "executed"
    torch.save({"policy": RunsCommand(f"touch {proof}")}, path)
    for sidecar in (True, False):
        if not sidecar:
            meta_path(path).unlink()
        with pytest.raises(GenelabError, match=r"bytes instead of|nothing of it was executed"):
            if how == "load":
                SkrlBackend().load(path, small_agent(), small_env())
            else:
                train(tmp_path, 12, **{how: path})  # pyright: ignore[reportArgumentType]
    assert not proof.exists()


def test_a_checkpoint_of_another_library_is_refused(tmp_path):
    path = tmp_path / "model_100.pt"
    save_checkpoint(path, {"actor_state_dict": {}, "iter": 1}, {"backend": "rsl_rl"})
    with pytest.raises(GenelabError, match=r"checkpoint of rsl_rl, not of GeneLab's skrl[\s\S]*holds actor_state_dict"):
        SkrlBackend().load(path, small_agent(), small_env())


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
def test_a_checkpoint_of_another_algorithm_is_refused(tmp_path, how):
    checkpoint = train(tmp_path, 12, agent=small_agent("TD3")).checkpoint
    with pytest.raises(GenelabError, match=r"trained with TD3, not with DDPG[\s\S]*--agent.algorithm TD3"):
        if how == "load":
            SkrlBackend().load(checkpoint, small_agent("DDPG"), small_env())
        else:
            train(tmp_path, 24, agent=small_agent("DDPG"), **{how: checkpoint})


def test_a_checkpoint_for_other_observations_is_refused_term_by_term(tmp_path):
    checkpoint = train(tmp_path, 6).checkpoint
    with pytest.raises(GenelabError, match=r"term 0: goal\[2\].* against goal\[3\]"):
        SkrlBackend().load(checkpoint, small_agent(), small_env(action_dim=3))


def test_other_widths_are_refused_even_without_a_sidecar(tmp_path):
    checkpoint = train(tmp_path, 6).checkpoint
    meta_path(checkpoint).unlink()
    with pytest.raises(GenelabError, match=r"hidden.0.weight: \(16, 5\) in the file, \(16, 6\) in this agent"):
        SkrlBackend().load(checkpoint, small_agent(), small_env(action_dim=3))


@pytest.mark.parametrize("how", ["load", "warm_start", "resume"])
def test_a_checkpoint_of_another_network_is_refused(tmp_path, how):
    checkpoint = train(tmp_path, 6).checkpoint
    agent = small_agent()
    agent.models = SkrlModelsCfg(hidden_dims=(16, 16), obs_normalization=True)
    with pytest.raises(GenelabError, match=r"the policy of agent_6\.pt has other widths[\s\S]*hidden\.2"):
        if how == "load":
            SkrlBackend().load(checkpoint, agent, small_env())
        else:
            train(tmp_path, 12, agent=agent, **{how: checkpoint})


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("how", ["load", "warm_start"])
def test_a_checkpoint_with_a_normaliser_does_not_pass_for_one_without(tmp_path, how, trained):
    checkpoint = train(tmp_path, 6, agent=small_agent(models={"obs_normalization": trained})).checkpoint
    other = small_agent(models={"obs_normalization": not trained})
    where = "file" if trained else "agent"
    with pytest.raises(GenelabError, match=rf"(running_mean|observation_preprocessor): only in (the|this) {where}"):
        if how == "load":
            SkrlBackend().load(checkpoint, other, small_env())
        else:
            train(tmp_path, 12, agent=other, warm_start=checkpoint)
