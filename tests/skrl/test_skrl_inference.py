from __future__ import annotations

import pytest
import torch
from skrl_runs import ALGORITHMS, small_agent, small_env, train

from genelab.rl.checkpoint import load_checkpoint, meta_path
from genelab.testing.backend_contract import RunsCommand
from genelab.utils.errors import GenelabError
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
