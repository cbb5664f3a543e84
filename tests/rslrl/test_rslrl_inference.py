from __future__ import annotations

import pytest
import torch
from rslrl_runs import small_agent, small_env, train

from genelab.utils.errors import GenelabError
from genelab_backend_rslrl.backend import RslRlBackend
from genelab_backend_rslrl.build import build_algorithm, observation_groups
from genelab_backend_rslrl.vec_env import RslRlVecEnv


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


def test_a_checkpoint_of_a_memory_is_refused_by_an_actor_without_one(tmp_path):
    train(tmp_path, 1, agent=small_agent("gru"))
    with pytest.raises(GenelabError, match=r"rnn\.rnn\.weight_ih_l0: only in the file"):
        RslRlBackend().load(tmp_path / "model_1.pt", small_agent(), small_env())
